"""The real door with the DynamoDB store: the environment names the table."""

from bench.stacks.pay_door import handler as handler
