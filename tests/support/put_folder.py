#!/usr/bin/env python3
"""Puts the files of a folder into a bucket, each under its path below the folder.

  usage: put_folder.py ENDPOINT REGION BUCKET FOLDER

The keys are those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. `aws s3 sync` does the same at 10 ms of
CPU a file, which is minutes for the 15,000 of tests/reliability/load_bucket.sh.
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""
import base64
import concurrent.futures
import datetime
import hashlib
import hmac
import http.client
import os
import sys
import threading
import urllib.parse

endpoint, region, bucket, top = sys.argv[1:]
host = urllib.parse.urlsplit(endpoint).netloc
held = threading.local()


def signed(method, path, content):
    """Headers for a request without a query."""
    digest = hashlib.sha256(content).hexdigest()
    moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    md5 = base64.b64encode(hashlib.md5(content).digest()).decode()
    headers = {"content-md5": md5, "host": host, "x-amz-content-sha256": digest, "x-amz-date": moment}
    names = ";".join(headers)
    request = "\n".join([method, path, "", *(f"{name}:{value}" for name, value in headers.items()),
                         "", names, digest])
    scope = [moment[:8], region, "s3", "aws4_request"]
    text = "\n".join(["AWS4-HMAC-SHA256", moment, "/".join(scope),
                      hashlib.sha256(request.encode()).hexdigest()])
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in scope + [text]:
        key = hmac.digest(key, part.encode(), "sha256")
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{'/'.join(scope)}, "
        f"SignedHeaders={names}, Signature={key.hex()}")
    return headers


def put(name):
    if not hasattr(held, "connection"):
        held.connection = http.client.HTTPConnection(host, timeout=60)
    with open(name, "rb") as file:
        content = file.read()
    path = urllib.parse.quote(f"/{bucket}/{os.path.relpath(name, top)}")
    held.connection.request("PUT", path, content, signed("PUT", path, content))
    reply = held.connection.getresponse()
    text = reply.read()
    if reply.status != 200:
        raise OSError(f"PUT {path}: {reply.status} {text.decode(errors='replace')}")


names = [os.path.join(folder, name) for folder, _, files in os.walk(top) for name in files]
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    for _ in pool.map(put, names):
        pass
