"""Which of our events a merchant's system may hear. Every event name of the house stands in one of the two tables."""

OFFERED = {
    "payment.authorised": "the payer has agreed, the money is set aside",
    "payment.promised": "an order is to be paid at the door: it may be sent",
    "payment.captured": "an order is paid",
    "plan.completed": "the last instalment of an order is paid",
    "payment.refunded": "money went back, in part or whole",
    "payment.flagged": "a person must look at a payment",
    "payment.disputed": "the payer's bank asks for the money back",
    "dispute.won": "the money stays",
    "dispute.lost": "the money went back",
    "payment.lost": "a payment that was told as captured never came",
    "refund.requested": "a refund waits for a person to approve it",
    "refund.declined": "a person has declined a refund",
    "refund.failed": "a refund could not be carried out",
    "points.earned": "points were credited",
    "points.redeemed": "points were spent",
    "points.refunded": "spent points came back",
    "points.given": "a member has given points to another",
    "points.expired": "points were not spent in time",
    "points.exchanged_out": "points have gone to a membership in another cell",
    "points.exchanged_in": "points have come from a membership in another cell",
    "points.exchange_refused": "another cell has not taken points: they are back",
    "voucher.issued": "a member has a partner's voucher for points",
    "voucher.used": "the partner has honoured a voucher",
    "voucher.returned": "a voucher was not used, its points come back",
    "voucher.expired": "a voucher ran out unused",
    "reward.stock_low": "few are left of a reward in a region",
    "member.tier_changed": "a member went up or down a tier",
    "member.joined": "a person logged in for the first time",
}
"""Name -> what it means."""

INTERNAL = {
    "voucher.claimed": "has a partner's code put into the voucher, whatever became of the request",
    "flag.resolved": "the list of what a person must look at is our own",
    "session.ended": "security of the person's login, nobody else's business",
    "member.checked_in": "credits the points of a daily check-in, whatever became of the request",
    "member.benefit_granted": "credits the points of a benefit, whatever became of the request",
    "identity.unionid_learned": "joining identities is our own work",
}
"""Name -> why it stays in the house."""
