"""floor + cryptography: by hand, with a PEM key, no replay window and no rotation."""

import json
import os
from binascii import a2b_base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

KEYS = os.environ["BENCH_FOLDER"]
with open(KEYS + "/public.pem", "rb") as file:
    KEY = load_pem_public_key(file.read())
SEAL = AESGCM(b"0123456789abcdef0123456789abcdef")
PADDING, HASH = PKCS1v15(), SHA256()


def handler(event, context):
    sent, body = event["headers"], event["body"]
    message = f"{sent['wechatpay-timestamp']}\n{sent['wechatpay-nonce']}\n{body}\n".encode()
    try:
        KEY.verify(a2b_base64(sent["wechatpay-signature"]), message, PADDING, HASH)
    except InvalidSignature:
        return {"statusCode": 401, "body": "{}"}
    resource = json.loads(body)["resource"]
    opened = SEAL.decrypt(
        resource["nonce"].encode(), a2b_base64(resource["ciphertext"]), resource["associated_data"].encode()
    )
    transaction = json.loads(opened)
    told = {"reference": transaction["out_trade_no"], "amount": transaction["amount"]["total"]}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(told)}
