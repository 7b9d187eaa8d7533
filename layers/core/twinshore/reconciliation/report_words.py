"""The words of the report, in English and Chinese: one row for each, so that neither language lacks one."""

from __future__ import annotations

from twinshore.reconciliation import differences as d
from twinshore.reconciliation import port

Words = tuple[str, str]
"""English, Chinese."""

KINDS: dict[str, Words] = {
    d.MISSING_HERE: ("in the bill, not in our books", "账单有，我方无"),
    d.MISSING_THERE: ("in our books, not in the bill", "我方有，账单无"),
    d.AMOUNT_DIFFERS: ("the amount differs", "金额不一致"),
    d.CURRENCY_DIFFERS: ("the currency differs", "币种不一致"),
    d.TWICE_IN_BILL: ("twice in the bill", "账单中重复"),
    d.REFUND_UNKNOWN: ("a refund that we do not know", "我方未知的退款"),
    d.DAY_DIFFERS: ("on another day in our books", "记账日期不同"),
    d.ORDER_UNKNOWN: ("a payment of no order of ours", "找不到对应订单的支付"),
    d.REFUND_UNDONE: ("a refund that came back", "退款被退回"),
    d.DISPUTE_UNKNOWN: ("a dispute's money that we had not heard of", "我方未知的拒付款项"),
    d.DISPUTE_DIFFERS: ("given back by the bill, lost in our books", "账单已返还拒付款，我方记为败诉"),
    port.PAYOUT: ("a payout to the bank", "提现到银行账户"),
    port.PAYOUT_RETURNED: ("a payout that came back", "提现被退回"),
    port.ACCOUNT_FEE: ("a fee of the account", "账户费用"),
    port.RESERVE: ("a reserve held or released", "保证金冻结或释放"),
    port.OTHER_MOVEMENT: ("a movement of a kind that we do not know", "未知类型的资金变动"),
}
LINES: dict[str, Words] = {
    port.PAYMENT: ("payments", "支付"),
    port.REFUND: ("refunds", "退款"),
    port.REFUND_UNDONE: ("refunds that came back", "被退回的退款"),
    port.DISPUTE: ("disputes, taken", "拒付扣款"),
    port.DISPUTE_REVERSAL: ("disputes, given back", "拒付返还"),
    port.PAYOUT: ("payouts", "提现"),
    port.PAYOUT_RETURNED: ("payouts that came back", "被退回的提现"),
    port.ACCOUNT_FEE: ("fees of the account", "账户费用"),
    port.RESERVE: ("reserves", "保证金"),
    port.OTHER_MOVEMENT: ("other movements", "其他变动"),
    "fee": ("the provider's fees", "渠道手续费"),
}
"""What is added up, in the order of the report."""
ACTIONS: dict[str, Words] = {
    d.PERSON: ("A person looks", "需人工处理"),
    d.ASK_PROVIDER: ("The provider is asked again tomorrow", "明日再次向渠道查询"),
    d.WAIT_A_DAY: ("Wait for the next day's bill", "等待次日账单"),
    d.CHECK_BANK: ("See that the bank account has it", "核对银行到账"),
    d.BOOK: ("Enter it in the accounts", "登记入账"),
    d.NOTHING: ("Nothing to do", "无需处理"),
}
"""Proposed actions, the most urgent first."""
PERSONS_WORK: dict[str, Words] = {
    d.MISSING_HERE: ("open the payment at the provider; credit the order or refund the payer by hand",
                     "在渠道后台查看该笔支付；手工入账或退款给付款人"),
    d.MISSING_THERE: ("ask the provider where the money is before anything more is delivered",
                      "先向渠道确认款项去向，再继续发货"),
    d.AMOUNT_DIFFERS: ("nothing is credited at another amount: refund the payer, or settle the rest",
                       "金额不符不予入账：退款给付款人，或补足差额"),
    d.CURRENCY_DIFFERS: ("nothing is credited in another currency: refund the payer", "币种不符不予入账：退款给付款人"),
    d.TWICE_IN_BILL: ("ask the provider which line counts; refund a second charge",
                      "向渠道确认以哪一行为准；重复扣款则退款"),
    d.REFUND_UNKNOWN: ("find out who refunded at the provider, and take back what was credited",
                       "查明谁在渠道侧退款，并收回已入账部分"),
    d.ORDER_UNKNOWN: ("find the shop that this payment belongs to, or refund it", "查明该笔支付所属店铺，否则退款"),
    d.REFUND_UNDONE: ("the member has not got the money: refund by another way", "会员未收到款项：改用其他方式退款"),
    d.DISPUTE_UNKNOWN: ("answer the bank in the provider's dashboard before its deadline",
                        "在渠道后台于截止日前向发卡行举证"),
    d.DISPUTE_DIFFERS: ("ask the provider how the dispute ended, and correct the order's postings",
                        "向渠道确认拒付结果，并更正订单分录"),
    port.PAYOUT_RETURNED: ("check the bank account's details at the provider", "在渠道后台核对收款银行账户信息"),
    port.OTHER_MOVEMENT: ("find out at the provider what it is", "向渠道确认该变动的性质"),
}  # fmt: skip
OUTCOMES: dict[str, Words] = {
    "applied": ("cleared up by asking", "查询后已解决"),
    "matched": ("matched", "已匹配"),
    "in_another_bill": ("found in another day's bill", "在另一日账单中找到"),
    "not_found_again": ("gone in a later run", "重新对账后消失"),
}
SENTENCES: dict[str, Words] = {
    "title": ("{provider}, {day}", "{provider} 对账报告，{day}"),
    "day_title": ("All providers, {day}", "全部渠道对账报告，{day}"),
    "all_well": ("Everything agrees.", "全部一致。"),
    "to_do": ("{open} differences are open.", "有 {open} 处差异待处理。"),
    "compared": ("Compared at {at}: {matched} lines match, {settled} differences were settled by themselves.",
                 "对账时间 {at}：{matched} 行一致，{settled} 处差异已自动解决。"),
    "not_kept": ("{count} more lines were not looked at: look for the one cause of the first ones.",
                 "另有 {count} 行未逐一核对：请先查明前面差异的共同原因。"),
    "totals": ("Totals", "合计"),
    "open": ("To be done", "待处理"),
    "noted": ("For the accounts", "供记账"),
    "settled": ("Settled", "已解决"),
    "not_compared": ("not compared yet", "尚未对账"),
    "head": ("currency|what|lines in the bill|sum in the bill|lines in our books|sum in our books|the bill has more by",
             "币种|项目|账单行数|账单金额|我方行数|我方金额|账单多出"),
    "day_head": ("provider|state|match|open", "渠道|状态|一致|待处理"),
    "done": ("compared", "已对账"),
    "bill": ("bill", "账单"),
    "books": ("books", "我方"),
}  # fmt: skip


def say(words: Words, language: str) -> str:
    """language: "zh-CN" or "en"."""
    return words[1 if language.startswith("zh") else 0]
