// Every word of the page, in both languages. The reader's choice is kept; at first the browser's language decides.

const WORDS = {
  skip: ["Skip to the journey", "跳到旅程"],
  nav: ["Sections", "页面导航"],
  language: ["Language", "语言"],
  nav_journey: ["Journey", "旅程"],
  nav_sea: ["Points", "积分"],
  nav_cells: ["Cells", "数据区"],
  nav_flow: ["Events", "事件"],
  nav_twins: ["Twins", "替身"],
  nav_mishaps: ["Errors", "出错时"],
  hero_title: ["One mini-program, two shores", "一个小程序，两岸相连"],
  hero_lead: [
    "Members in mainland China are served by Tencent SCF, members overseas by AWS Lambda, from one code base. Everything on this page runs on your machine, through the real functions and each cloud’s real event shapes.",
    "中国大陆会员由腾讯云 SCF 服务，海外会员由 AWS Lambda 服务，同一套代码。本页的一切都在您的电脑上运行：真实的云函数，真实的两朵云事件格式。",
  ],
  picture: [
    "Two lighthouses on two shores. On the left the cell of mainland China, on the right the cells of Europe, Southeast Asia and the Americas.",
    "两岸各有一座灯塔。左岸是中国大陆数据区，右岸是欧洲、东南亚和美洲数据区。",
  ],
  mainland: ["Mainland shore", "大陆岸"],
  overseas: ["Overseas shore", "海外岸"],
  journey_title: ["The journey", "旅程"],
  journey_lead: [
    "Two invented members do the same things, each on their own shore. Walk step by step and open any step to read what was sent and answered.",
    "两位虚构的会员在各自的岸上做同样的事。您可以逐步走完，也可以展开任意一步，查看发送与返回的内容。",
  ],
  run_both: ["Run both journeys", "运行两段旅程"],
  shoppers_title: ["Five shoppers, five ways to pay", "五位顾客，五种支付方式"],
  shoppers_lead: [
    "A way to pay of their own country each, by a provider with rules and signatures of its own. To the order they are all one thing: paid once, points once, one receipt.",
    "各用本国的支付方式，各家渠道有各自的规则与签名。对订单来说都一样：只付一次，积分只入账一次，回执只有一份。",
  ],
  run_shoppers: ["Let all five pay", "五位一起付款"],
  pay: ["Pay", "下单付款"],
  pay_again: ["Once more", "再来一次"],
  steps: ["Steps", "步骤"],
  not_begun: ["Has not shopped yet", "尚未购物"],
  next_step: ["Next step", "下一步"],
  run_all: ["Run to the end", "一直走完"],
  start_over: ["Start over", "重新开始"],
  all_done: ["Journey complete", "旅程完成"],
  served_by: ["served by", "服务方"],
  calls: ["{n} calls", "{n} 次调用"],
  one_call: ["1 call", "1 次调用"],
  sent: ["Sent", "发送"],
  answered: ["Answered", "返回"],
  step_failed: ["This should hold, and does not:", "以下事实应当成立，却没有："],
  crossing_title: ["Points across the sea", "积分过海"],
  crossing_lead: [
    "One person, two memberships: points of Guangzhou become points of Frankfurt. Cut the line whenever you like, or kill a cell: what leaves one shore arrives on the other exactly once.",
    "同一个人，两个会员：广州的积分换成法兰克福的积分。随时可以切断连接，或结束某个进程：离开此岸的积分必定到达彼岸，且仅一次。",
  ],
  crossing_who: ["Guangzhou and Frankfurt", "广州与法兰克福"],
  points_mainland: ["points, mainland", "境内积分"],
  points_overseas: ["points, overseas", "境外积分"],
  held: ["{n} held", "冻结 {n}"],
  linked: ["linked", "已关联"],
  not_joined: ["not a member yet", "尚未入会"],
  line: ["The line between the two cells", "两个数据区之间的连接"],
  line_whole: ["Line whole", "连接正常"],
  line_cut: ["Line cut", "连接切断"],
  line_deaf: ["Answers lost", "应答丢失"],
  wire_question: ["question", "请求"],
  wire_answer: ["answer", "应答"],
  pending: ["pending", "待定"],
  settled: ["settled", "已完成"],
  rejected: ["given back", "已退回"],
  lounge: ["Airport lounge, one visit", "机场贵宾厅一次"],
  voucher_until: ["Frankfurt, until {day}", "法兰克福，有效至 {day}"],
  receipts_title: ["Receipts", "收据链"],
  receipts_lead: [
    "Each names the one before and is signed by the cell that credits. Both cells keep them; anybody can check them, offline.",
    "每张收据都写明前一张的摘要，由入账的数据区签名。两个数据区各存一份，任何人都可离线验证。",
  ],
  no_receipts: ["None yet: nothing has crossed.", "暂无，尚无积分过海。"],
  receipt_number: ["No. {n}", "第 {n} 张"],
  signed_by: ["signed by {key}", "签名密钥 {key}"],
  chain_holds: ["hashes and signatures hold", "摘要与签名均有效"],
  chain_same: ["the same in both cells", "两个数据区一致"],
  chain_differs: ["Guangzhou has not heard of the last one", "广州尚未收到最后一张"],
  cells_title: ["Cells", "数据区"],
  cells_lead: [
    "A cell is one legal data region on one cloud, with its own functions, store and secrets. Personal fields are masked here.",
    "数据区是一个法律辖区在一朵云上的全部：云函数、存储与密钥。此处个人信息已打码。",
  ],
  healthy: ["running", "运行中"],
  down: ["down", "已停止"],
  restarts: ["restarted {n}×", "已重启 {n} 次"],
  event_shape: ["Event shape", "事件格式"],
  stored: ["Stored", "已存储"],
  nothing_stored: ["Nothing stored yet.", "尚无数据。"],
  more_items: ["and {n} more", "另有 {n} 条"],
  kill: ["Kill the process", "强制结束进程"],
  killed: ["Cell {name} was killed (SIGKILL). It starts again on the same data.", "数据区 {name} 已被强制结束（SIGKILL），正在用同一份数据重启。"],
  flow_title: ["What is happening", "正在发生"],
  flow_lead: [
    "Every call through a cell’s gateway, every event on its way to its consumers, every timer. Newest first.",
    "经过网关的每次调用、送往消费者的每个事件、每个定时器。最新的在最上面。",
  ],
  flow_filter: ["Show", "显示"],
  kind_main: ["Calls and events", "调用与事件"],
  kind_call: ["Calls", "调用"],
  kind_event: ["Events", "事件"],
  kind_timer: ["Timers", "定时器"],
  flow_at: ["Time", "时间"],
  flow_cell: ["Cell", "数据区"],
  flow_what: ["What", "内容"],
  flow_through: ["Through", "途径"],
  flow_outcome: ["Outcome", "结果"],
  flow_ms: ["ms", "毫秒"],
  nothing_yet: ["Nothing yet. Run a journey.", "暂无内容，请先运行旅程。"],
  done: ["done", "完成"],
  again: ["again", "重试"],
  failed: ["failed", "失败"],
  twins_title: ["Twins", "替身"],
  twins_lead: [
    "Stand-ins for outside parties. They speak real HTTP and sign with real algorithms and freshly made keys. Make one misbehave and run a journey again.",
    "外部机构的替身：使用真实的 HTTP、真实的签名算法与新生成的密钥。让其中一个出错，再走一遍旅程。",
  ],
  journal: ["Journal", "日志"],
  faults: ["Misbehave", "故障开关"],
  fault_delay_seconds: ["Answer two seconds late", "延迟两秒应答"],
  fault_status: ["Answer 503", "返回 503"],
  fault_reset: ["Close the connection", "直接断开连接"],
  fault_wrong_signature: ["Sign notices wrongly", "通知签名错误"],
  fault_drop_notices: ["Never send a notice", "不发送任何通知"],
  fault_notice_delay_seconds: ["Send notices two seconds late", "通知延迟两秒"],
  fault_lose_answer: ["Do it, then lose the answer", "照做，但丢失应答"],
  fault_error: ["Refuse every call", "拒绝所有调用"],
  mishaps_title: ["When something is wrong", "出错时"],
  mishaps_lead: [
    "Errors are documents too (RFC 9457): a stable type, a title in the reader’s language, and an id to ask about. Nothing is written.",
    "错误也是文档（RFC 9457）：稳定的类型、读者语言的标题，以及可供查询的编号。不会写入任何数据。",
  ],
  mishap_hint: ["Choose a mistake on the left.", "请选择一种错误。"],
  mishap_hint_narrow: ["Choose a mistake above.", "请选择一种错误。"],
  problem_type: ["Type", "类型"],
  problem_detail: ["Detail", "说明"],
  problem_id: ["Request id", "请求编号"],
  problem_home: ["Home cell", "所属数据区"],
  problem_call: ["Call", "调用"],
  lost: ["The box does not answer. Is it still running?", "没有应答，程序还在运行吗？"],
  foot: [
    "Twinshore, on your machine. The people, accounts and payments on this page are invented.",
    "Twinshore，运行在您的电脑上。本页的人物、账户与支付均为虚构。",
  ],
};

const TWINS = {
  wechat: [["WeChat", "Login codes, the access token, subscribe messages"], ["微信", "登录凭证、接口凭证、订阅消息"]],
  wechat_pay: [["WeChat Pay", "JSAPI payments, API v3: RSA signatures, encrypted callbacks"], ["微信支付", "JSAPI 支付，API v3：RSA 签名与加密回调"]],
  stripe: [["Stripe, Europe", "Cards and Apple Pay; each AWS cell has an account of its own"], ["Stripe（欧洲）", "银行卡与 Apple Pay；每个 AWS 数据区各有账户"]],
  stripe_sea: [["Stripe, Southeast Asia", "The account of cell sea"], ["Stripe（东南亚）", "数据区 sea 的账户"]],
  stripe_us: [["Stripe, Americas", "The account of cell us"], ["Stripe（美洲）", "数据区 us 的账户"]],
  paypal: [["PayPal, Europe", "Approved there, captured by us; certificates of its own authority"], ["PayPal（欧洲）", "顾客在其页面同意，由我们扣款；自有证书链"]],
  paypal_us: [["PayPal, Americas", "The account of cell us"], ["PayPal（美洲）", "数据区 us 的账户"]],
  grabpay: [["GrabPay", "Agreed at Grab with PKCE, completed with the payer’s sealed token"], ["GrabPay", "顾客在 Grab 以 PKCE 同意，凭其令牌完成扣款"]],
  dana: [["DANA", "SNAP orders, RSA over the hash of the body"], ["DANA", "SNAP 订单，对报文摘要做 RSA 签名"]],
  hyperpay: [["HyperPay", "mada by its form; notices are encrypted whole"], ["HyperPay", "以其表单支付 mada；通知整体加密"]],
  mercado_pago: [["Mercado Pago", "Cards, Pix and cash on its page; notices signed over the query"], ["Mercado Pago", "在其页面用卡、Pix 或现金；通知对查询串签名"]],
  partner: [["Voucher partners", "Lounges and rides: pools of codes, news, counters"], ["券商伙伴", "贵宾厅与出行：券码、消息与核销"]],
  mail: [["Mailboxes", "What members find in their mail"], ["邮箱", "会员收到的邮件"]],
  ses: [["Amazon SES", "E-mail of the AWS cells"], ["Amazon SES", "AWS 数据区的邮件"]],
  amazon: [["Amazon SES", "E-mail of the AWS cells"], ["Amazon SES", "AWS 数据区的邮件"]],
  tencent_cloud: [["Tencent Cloud", "API 3.0 with TC3 signatures: e-mail, secrets"], ["腾讯云", "API 3.0（TC3 签名）：邮件与密钥"]],
  treasury_rates: [["A treasury’s rates", "Invented figures for currencies that the ECB has not"], ["自有汇率", "欧洲央行没有的货币，数字为虚构"]],
  ecb: [["European Central Bank", "The daily reference rates"], ["欧洲央行", "每日参考汇率"]],
};

// What twins note, for readers of Chinese; a note that is not here is shown as it was written.
const JOURNAL = {
  login: "登录",
  stable_token: "获取接口凭证",
  "token refused": "拒绝接口凭证",
  "subscribe message delivered": "订阅消息已送达",
  request: "收到请求",
  "signed notice": "签署通知",
  "signed event": "签署事件",
  "encrypted notice": "加密通知",
  "notice sent": "通知已发送",
  "notice dropped": "通知未发送",
  "notice given up": "放弃投递通知",
  "letter taken": "收下邮件",
  "daily rates read": "读取当日汇率",
  "rates read": "读取汇率",
  "news read": "读取消息",
  "voucher used": "券已核销",
  "voucher struck out": "券已作废",
  pushed: "推送消息",
  refused: "拒绝请求",
};

let current = stored() || (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

function stored() {
  try {
    const kept = localStorage.getItem("twinshore-language");
    return kept === "zh" || kept === "en" ? kept : "";
  } catch {
    return ""; // storage switched off: the choice lasts as long as the page
  }
}

export const language = () => current;

export function setLanguage(chosen) {
  current = chosen;
  try {
    localStorage.setItem("twinshore-language", chosen);
  } catch { /* as above */ }
}

export function word(name, facts = {}) {
  const both = WORDS[name];
  const text = both ? both[current === "zh" ? 1 : 0] : name;
  return text.replace(/\{(\w+)\}/g, (_, fact) => facts[fact] ?? "");
}

export const known = (name) => name in WORDS;

export const cloudName = (cloud) => (cloud === "aws" ? "AWS Lambda" : current === "zh" ? "腾讯云 SCF" : "Tencent SCF");

export const journalWord = (what) => (current === "zh" && JOURNAL[what]) || what;

export const twinWords = (name) => (TWINS[name] || [[name, ""], [name, ""]])[current === "zh" ? 1 : 0];

export function writeStaticWords() {
  document.documentElement.lang = current === "zh" ? "zh-CN" : "en";
  document.title = current === "zh" ? "Twinshore：一个小程序，两岸相连" : "Twinshore: one mini-program, two shores";
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", word(node.dataset.label));
  for (const node of document.querySelectorAll("[data-language]")) {
    node.setAttribute("aria-pressed", String(node.dataset.language === current));
  }
}
