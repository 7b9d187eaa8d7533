from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from bench.stacks.sdk import take

app = APIGatewayHttpResolver()


@app.post("/v1/webhooks/wechat_pay")
def notify():
    return take(app.current_event.headers, app.current_event.body)


def handler(event, context):
    return app.resolve(event, context)
