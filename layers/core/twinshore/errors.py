"""The error tree. Each error is a problem that a caller can be told about (RFC 9457).

    Problem                       500  internal
    ├── BadRequest                400  malformed: it cannot be read
    │   └── MalformedJson         400
    ├── Unauthenticated           401  no valid credential
    ├── Forbidden                 403  a valid credential that may not do this
    ├── NotFound                  404
    ├── MethodNotAllowed          405
    ├── Conflict                  409  the present state forbids it
    ├── BodyTooLarge              413
    ├── UnsupportedMediaType      415
    ├── Misdirected               421  right request, wrong cell: `home` names the right one
    ├── Unprocessable             422  readable, but not valid
    ├── TooManyRequests           429  `retry_after` in seconds
    └── Unavailable               503  a party or an engine did not answer; safe to try again, after `retry_after`

Rooms add leaves of their own beside the code that raises them: a class with a `slug` (stable for ever, part of the
wire) and a title in each language. `web` is the one place that turns a Problem into an answer. `detail` and the
extension members reach the caller: no secret, no personal data, no text of an outside party goes into them.
"""

TYPE_PREFIX = "https://twinshore.example/problems/"


class Problem(Exception):
    """Something that the caller is told as `application/problem+json`.

    detail: one sentence for this occurrence, in English, free of secrets and personal data.
    extensions: further members of the problem document, JSON values (RFC 9457, section 3.2).
    """

    status = 500
    slug = "internal"
    title_en = "Something went wrong on our side"
    title_zh = "服务出现异常"

    def __init__(self, detail: str = "", **extensions: object) -> None:
        super().__init__(detail or self.title_en)
        self.detail = detail
        self.extensions = extensions


class BadRequest(Problem):
    status = 400
    slug = "bad-request"
    title_en = "The request cannot be read"
    title_zh = "无法读取请求"


class MalformedJson(BadRequest):
    slug = "malformed-json"
    title_en = "The body is not valid JSON"
    title_zh = "请求体不是有效的 JSON"


class Unauthenticated(Problem):
    status = 401
    slug = "unauthenticated"
    title_en = "Please log in"
    title_zh = "请先登录"


class Forbidden(Problem):
    status = 403
    slug = "forbidden"
    title_en = "This is not allowed"
    title_zh = "无权进行此操作"


class NotFound(Problem):
    status = 404
    slug = "not-found"
    title_en = "There is nothing here"
    title_zh = "未找到"


class MethodNotAllowed(Problem):
    status = 405
    slug = "method-not-allowed"
    title_en = "This method is not offered here"
    title_zh = "不支持该请求方法"


class Conflict(Problem):
    status = 409
    slug = "conflict"
    title_en = "The present state does not allow this"
    title_zh = "当前状态不允许此操作"


class BodyTooLarge(Problem):
    status = 413
    slug = "body-too-large"
    title_en = "The body is too large"
    title_zh = "请求体过大"


class UnsupportedMediaType(Problem):
    status = 415
    slug = "unsupported-media-type"
    title_en = "The body must be JSON"
    title_zh = "请求体必须为 JSON"


class Misdirected(Problem):
    """The person's data lives in another cell (RFC 9110, section 15.5.20). Give `home` and `endpoint`."""

    status = 421
    slug = "wrong-cell"
    title_en = "Please ask the home cell"
    title_zh = "请访问所属数据区"


class Unprocessable(Problem):
    status = 422
    slug = "invalid-request"
    title_en = "The request is not valid"
    title_zh = "请求内容无效"


class TooManyRequests(Problem):
    """Give `retry_after` in seconds: `web` also sends it as the Retry-After header."""

    status = 429
    slug = "too-many-requests"
    title_en = "Too many requests, please wait"
    title_zh = "请求过于频繁，请稍后再试"


class Unavailable(Problem):
    status = 503
    slug = "unavailable"
    title_en = "Not available for the moment, please try again"
    title_zh = "服务暂不可用，请稍后重试"


class BrokenInvariant(Exception):
    """A fact that must hold did not: our bug. Never shown to a caller; it becomes a 500 with an id."""


def must(holds: bool, fact: str) -> None:
    """Assert that survives `python -O`. `fact` states what is true when all is well."""
    if not holds:
        raise BrokenInvariant(fact)
