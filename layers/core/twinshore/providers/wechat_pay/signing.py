"""What we sign as the merchant: requests to API v3, and the parameters of wx.requestPayment.

Both: RSA PKCS #1 v1.5 with SHA-256 under the merchant API private key, base64, over lines that each end with LF.
"""

from binascii import b2a_base64
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from twinshore.providers.wechat_pay.keys import private_key


class Merchant(NamedTuple):
    mchid: str
    serial: str
    """Of the merchant's API certificate, upper-case hex."""
    private_key_pem: str


class Signer:
    """Keeps the parsed key of a warm function."""

    def __init__(self, merchant: Merchant) -> None:
        self._merchant = merchant
        self._key: RSAPrivateKey | None = None

    def sign(self, message: bytes) -> str:
        if self._key is None:
            self._key = private_key(self._merchant.private_key_pem)
        return b2a_base64(self._key.sign(message, PKCS1v15(), SHA256()), newline=False).decode()

    def authorization(self, method: str, target: str, body: bytes, timestamp: int, nonce: str) -> str:
        """The Authorization header. `target` is the path with its query exactly as sent; GET signs an empty body."""
        signature = self.sign(request_message(method, target, body, timestamp, nonce))
        return (
            f'WECHATPAY2-SHA256-RSA2048 mchid="{self._merchant.mchid}",nonce_str="{nonce}",timestamp="{timestamp}",'
            f'serial_no="{self._merchant.serial}",signature="{signature}"'
        )

    def payment_parameters(self, appid: str, prepay_id: str, timestamp: int, nonce: str) -> dict[str, str]:
        """For wx.requestPayment. The appid is signed but not passed; the package is signed with its `prepay_id=`."""
        package = f"prepay_id={prepay_id}"
        signature = self.sign(f"{appid}\n{timestamp}\n{nonce}\n{package}\n".encode())
        return {
            "timeStamp": str(timestamp),
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": signature,
        }


def request_message(method: str, target: str, body: bytes, timestamp: int, nonce: str) -> bytes:
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
