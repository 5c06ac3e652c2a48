"""The transfer routes of the platform in front of real storage servers.

A project is a store: `witness/NAME`. The gateway signs URLs as the clouds do (boto3, SAS, secure_link) and moves no byte of a
transfer itself; it only joins the parts on servers that cannot. It is strict: a part must be reported with the headers that were
asked for, and an upload is completed from what was reported.

`gateway.py STORES` reads the stores from a JSON file, prints the endpoint and the token of the API as one line of JSON, and then obeys
commands, one line of JSON each on its input, each answered by one line. It ends when its input does.
"""

import base64
import datetime
import gzip
import hashlib
import http.client
import json
import os
import secrets
import shutil
import sys
import threading
import time
import urllib.parse
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobBlock, BlobServiceClient, ContentSettings, generate_blob_sas
from botocore import auth
from botocore.config import Config
from botocore.exceptions import ClientError

BUCKET = "witness"
HOUR = 3600
# A replacing object is newer by this much: some servers distinguish versions by the second.
YOUNGER = 5


class Refused(Exception):
    """An error of the API."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


class S3:
    """A server with the API of S3."""

    part = {"success_codes": [200], "headers": ["ETag"]}

    def __init__(self, settings):
        # There are two kinds of URL signatures.
        self.version = settings["signature"]
        self.client, self.signer = self.connect(settings, "s3v4"), self.connect(settings, self.version)
        self.client.create_bucket(Bucket=BUCKET)

    @staticmethod
    def connect(settings, version):
        path_style = {"addressing_style": "path"}
        return boto3.client(
            "s3",
            endpoint_url=settings["url"],
            region_name="us-east-1",
            aws_access_key_id=settings["key"],
            aws_secret_access_key=settings["secret"],
            config=Config(signature_version=version, s3=path_style, request_checksum_calculation="when_required"),
        )

    def put(self, key, source, encoding):
        more = {"ContentEncoding": encoding} if encoding else {}
        with open(source, "rb") as body:
            self.client.put_object(Bucket=BUCKET, Key=key, Body=body, **more)

    replace = put

    def read(self, key):
        return self.client.get_object(Bucket=BUCKET, Key=key)["Body"].iter_chunks(1 << 20)

    def url(self, key, lifetime):
        return self.sign("get_object", lifetime, Key=key)

    def sign(self, call, lifetime, **parameters):
        # An expired URL was signed an hour ago.
        lifetime, age = (lifetime, 0) if lifetime > 0 else (HOUR + lifetime, HOUR)
        with Clock.lock:
            Clock.age = age
            lifetime = lifetime if self.version == "s3v4" else lifetime - age
            return self.signer.generate_presigned_url(call, {"Bucket": BUCKET, **parameters}, ExpiresIn=lifetime)

    def begin(self, key, _size):
        return self.client.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]

    def part_url(self, key, upload, number, _empty, lifetime):
        return self.sign("upload_part", lifetime, Key=key, UploadId=upload, PartNumber=number), {}

    def complete(self, key, upload, parts):
        parts = [{"PartNumber": number, "ETag": headers["ETag"]} for number, headers in sorted(parts.items())]
        self.client.complete_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})

    def abort(self, key, upload):
        try:
            self.drop(key, upload)
        except ClientError:
            pass  # The storage has dropped it, or has no such call (s3rver).

    def drop(self, key, upload):
        self.client.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload)


class Clock:
    """The clock of S3 signatures, which can be set back. It is shared, so it is locked while a URL is signed."""

    lock = threading.Lock()
    age = 0

    @classmethod
    def now(cls, remove_tzinfo=True):
        now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=cls.age)
        return now.replace(tzinfo=None) if remove_tzinfo else now


auth.get_current_datetime = Clock.now


class Azure:
    """A server with the API of Azure Blob Storage."""

    part = {"success_codes": [201], "headers": []}

    def __init__(self, settings):
        self.account, self.key = settings["account"], settings["key"]
        credential = {"account_name": self.account, "account_key": self.key}
        service = BlobServiceClient(settings["url"], credential=credential)
        self.container = service.create_container(BUCKET)

    def put(self, key, source, encoding):
        with open(source, "rb") as body:
            settings = ContentSettings(content_encoding=encoding)
            self.container.upload_blob(key, body, overwrite=True, content_settings=settings)

    replace = put

    def read(self, key):
        return self.container.download_blob(key).chunks()

    def url(self, key, lifetime, permission="r"):
        now = datetime.datetime.now(datetime.timezone.utc)
        expiry = now + datetime.timedelta(seconds=lifetime)
        signature = generate_blob_sas(
            self.account, BUCKET, key, account_key=self.key, permission=permission, expiry=expiry
        )
        return f"{self.container.get_blob_client(key).url}?{signature}"

    def begin(self, _key, _size):
        return secrets.token_hex(8)

    @staticmethod
    def block(upload, number):
        return f"{upload}-{number:05}"

    def part_url(self, key, upload, number, empty, lifetime):
        url = self.url(key, lifetime, "cw")
        if empty:
            # Blocks cannot be empty.
            return url, {"x-ms-blob-type": "BlockBlob"}
        # On commit, the library encodes the names of blocks.
        block = base64.b64encode(self.block(upload, number).encode()).decode()
        return f"{url}&comp=block&blockid={urllib.parse.quote(block, safe='')}", {}

    def complete(self, key, upload, parts):
        client = self.container.get_blob_client(key)
        if not client.exists() or client.get_blob_properties().size > 0:
            client.commit_block_list([BlobBlock(self.block(upload, number)) for number in sorted(parts)])

    def abort(self, _key, _upload):
        pass  # Uncommitted blocks expire.


class Files:
    """A web server on a local folder with parts uploaded by WebDAV."""

    def __init__(self, settings):
        self.host, self.folder, self.prefix = settings["url"], settings["folder"], settings["prefix"]
        self.signature, self.secret = settings["signature"], settings["secret"]
        # Without a list the client reports the ETag if there is one.
        self.part = {"success_codes": [201, 204], **settings["report"]}
        self.ending = settings["ending"]

    def path(self, key, encoding=None):
        return os.path.join(self.folder, "objects", key + self.ending + (".gz" if encoding else ""))

    def put(self, key, source, encoding):
        partial = self.path(key) + ".partial"
        shutil.copyfile(source, partial)
        os.chmod(partial, 0o644)
        os.rename(partial, self.path(key, encoding))

    def replace(self, key, source, encoding):
        partial = self.path(key) + ".partial"
        shutil.copyfile(source, partial)
        os.chmod(partial, 0o644)
        modified = os.stat(self.path(key)).st_mtime + YOUNGER
        os.utime(partial, (modified, modified))
        os.rename(partial, self.path(key))

    def read(self, key):
        with open(self.path(key), "rb") as file:
            while piece := file.read(1 << 20):
                yield piece

    def url(self, key, lifetime):
        # nginx finds the object with the extension `.gz`.
        packed = self.signature != "secure_link" and os.path.exists(self.path(key, "gzip"))
        return self.sign(f"/{self.prefix}/{key}{self.ending}{'.gz' if packed else ''}", lifetime)

    def sign(self, path, lifetime):
        expires = int(time.time() + lifetime)
        match self.signature:
            case None:
                return self.host + path
            case "secure_link":
                digest = hashlib.md5(f"{expires}{path} {self.secret}".encode()).digest()
                signature = base64.urlsafe_b64encode(digest).decode().rstrip("=")
                return f"{self.host}{path}?expires={expires}&signature={signature}"
            case "expression":
                expires = time.strftime("%Y%m%d%H%M%S", time.gmtime(expires))
                signature = hashlib.md5(f"{self.secret}{expires}{path}".encode()).hexdigest()
                return f"{self.host}{path}?e={expires}&s={signature}"

    def begin(self, _key, _size):
        upload = secrets.token_hex(8)
        folder = os.path.join(self.folder, "parts", upload)
        os.mkdir(folder)
        os.chmod(folder, 0o777)
        return upload

    def part_url(self, _key, upload, number, _empty, lifetime):
        return self.sign(f"/parts/{upload}/{number}", lifetime), {}

    def complete(self, key, upload, parts):
        folder = os.path.join(self.folder, "parts", upload)
        with open(self.path(key), "wb") as whole:
            for number in sorted(parts):
                with open(os.path.join(folder, str(number)), "rb") as part:
                    shutil.copyfileobj(part, whole, 1 << 20)
        shutil.rmtree(folder)

    def abort(self, _key, upload):
        shutil.rmtree(os.path.join(self.folder, "parts", upload), ignore_errors=True)


KINDS = {"s3": S3, "azure": Azure, "files": Files}


class Platform:
    """Files, uploads and counts of calls."""

    def __init__(self, stores):
        self.stores = {name: KINDS[settings["kind"]](settings) for name, settings in stores.items()}
        self.files, self.uploads = {}, {}
        self.lifetimes, self.calls = {}, {name: Counter() for name in stores}
        self.lock = threading.Lock()
        self.token = secrets.token_hex(16)

    def lifetime(self, store, what):
        """The lifetime of the next URL; the first one for `what` may be expired."""
        with self.lock:
            settings = self.lifetimes.get(store, {})
            if settings.get("first_expired") and what not in settings["seen"]:
                settings["seen"].add(what)
                return -60
            return settings.get("seconds", HOUR)

    def count(self, store, call):
        with self.lock:
            self.calls[store][call] += 1

    def file(self, file_id):
        try:
            return self.files[file_id]
        except KeyError:
            raise Refused(404, 5002, "Requested file does not exist.") from None

    def upload(self, upload_id):
        try:
            return self.uploads[upload_id]
        except KeyError:
            raise Refused(404, 8001, "Requested upload does not exist.") from None

    def add(self, store, name, size):
        file = {"id": secrets.token_hex(12), "store": store, "name": name, "size": size, "key": secrets.token_hex(6)}
        return file

    # Calls of the client.

    def download_info(self, file_id):
        file = self.file(file_id)
        self.count(file["store"], "download_info")
        return {"url": self.stores[file["store"]].url(file["key"], self.lifetime(file["store"], file_id))}

    def show(self, file):
        shown = {key: file[key] for key in ("id", "name", "size")}
        return {"href": f"/files/{file['id']}", "project": f"witness/{file['store']}", "type": "file", **shown}

    def find(self, query):
        store, names = query.get("project", [""])[0].removeprefix("witness/"), query.get("name")
        items = [self.show(f) for f in self.files.values() if f["store"] == store and (not names or f["name"] in names)]
        return {"href": "/files", "items": items, "links": []}

    def init(self, body):
        store = body["project"].removeprefix("witness/")
        if store not in self.stores:
            raise Refused(404, 4002, "Requested project does not exist.")
        self.count(store, "init")
        file = self.add(store, body["name"], body["size"])
        begun = self.stores[store].begin(file["key"], file["size"])
        part_size = body.get("part_size") or 5 << 20
        upload = {"upload_id": secrets.token_hex(12), "part_size": part_size, "parallel_uploads": True}
        self.uploads[upload["upload_id"]] = {"file": file, "begun": begun, "parts": {}, "shown": upload}
        return {**upload, "project": body["project"], "name": file["name"], "size": file["size"]}

    def show_upload(self, upload_id, query):
        upload = self.upload(upload_id)
        shown = {**upload["shown"], "name": upload["file"]["name"], "project": f"witness/{upload['file']['store']}"}
        if query.get("list_parts", [""])[0].lower() == "true":
            shown["parts"] = [self.show_part(upload, number) for number in sorted(upload["parts"])]
        return shown

    @staticmethod
    def show_part(upload, number):
        return {"part_number": number, "response": {"headers": upload["parts"][number]}}

    def list_uploads(self):
        items = [self.show_upload(upload_id, {}) for upload_id in self.uploads]
        return {"href": "/upload/multipart", "items": items, "links": []}

    def part_url(self, upload_id, number):
        upload = self.upload(upload_id)
        file = upload["file"]
        self.count(file["store"], "part_url")
        store, lifetime = self.stores[file["store"]], self.lifetime(file["store"], (upload_id, number))
        url, headers = store.part_url(file["key"], upload["begun"], number, file["size"] == 0, lifetime)
        expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=lifetime)
        expires = expires.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"method": "PUT", "url": url, "expires": expires, "headers": headers, "report": store.part}

    def report(self, upload_id, parts):
        upload = self.upload(upload_id)
        wanted = self.stores[upload["file"]["store"]].part.get("headers", ["ETag"])
        for part in parts:
            headers = part["response"]["headers"]
            if sorted(headers) != sorted(wanted):
                raise Refused(400, 8003, f"headers {wanted} are to be reported, not {sorted(headers)}")
            upload["parts"][part["part_number"]] = headers
        return [self.show_part(upload, part["part_number"]) for part in parts]

    def complete(self, upload_id, parts):
        self.report(upload_id, parts)
        upload = self.upload(upload_id)
        file, numbers = upload["file"], sorted(upload["parts"])
        planned = max(1, -(-file["size"] // upload["shown"]["part_size"]))
        if numbers != list(range(1, planned + 1)):
            raise Refused(400, 8005, f"{planned} parts were planned, and {numbers} are there")
        self.count(file["store"], "complete")
        try:
            self.stores[file["store"]].complete(file["key"], upload["begun"], upload["parts"])
        except (ClientError, HttpResponseError, OSError) as error:
            raise Refused(400, 8006, f"the storage refuses the completion: {error}") from error
        del self.uploads[upload_id]
        self.files[file["id"]] = file
        return self.show(file)

    def abort(self, upload_id):
        upload = self.upload(upload_id)
        self.count(upload["file"]["store"], "abort")
        self.stores[upload["file"]["store"]].abort(upload["file"]["key"], upload["begun"])
        del self.uploads[upload_id]

    # Commands of the witness.

    def do_pack(self, source, target):
        """Compresses a local file."""
        with open(source, "rb") as plain, open(target, "wb") as packed:
            packed.write(gzip.compress(plain.read(), compresslevel=1, mtime=0))
        return {}

    def do_create(self, store, name, source, encoding=None, age=0):
        """Creates a file without the client, with the given age if its server reads the time from the file."""
        file = self.add(store, name, os.path.getsize(source))
        self.stores[store].put(file["key"], source, encoding)
        if age and isinstance(self.stores[store], Files):
            os.utime(self.stores[store].path(file["key"], encoding), (time.time() - age,) * 2)
        self.files[file["id"]] = file
        return {"id": file["id"]}

    def do_replace(self, file, source):
        """Replaces the object of a file."""
        file = self.file(file)
        self.stores[file["store"]].replace(file["key"], source, None)
        return {}

    def do_urls(self, store, seconds=HOUR, first_expired=False):
        """Sets the lifetime of URLs of a store and resets the counts."""
        with self.lock:
            self.lifetimes[store] = {"seconds": seconds, "first_expired": first_expired, "seen": set()}
            self.calls[store].clear()
        return {}

    def do_calls(self, store):
        """The calls since the last `urls`, and the number of unfinished uploads."""
        with self.lock:
            under_way = sum(upload["file"]["store"] == store for upload in self.uploads.values())
            return {**self.calls[store], "under_way": under_way}

    def do_drop(self, store):
        """Drops the uploads in the storage, as a lifecycle rule does; the platform still lists them."""
        dropped = [upload for upload in self.uploads.values() if upload["file"]["store"] == store]
        for upload in dropped:
            self.stores[store].drop(upload["file"]["key"], upload["begun"])
        return {"dropped": len(dropped)}

    def do_same(self, file, source):
        """Whether the object of a file equals a local file."""
        file = self.file(file)
        digest, size = hashlib.sha256(), 0
        for piece in self.stores[file["store"]].read(file["key"]):
            digest.update(piece)
            size += len(piece)
        with open(source, "rb") as local:
            expected = hashlib.file_digest(local, "sha256")
        return {"same": digest.digest() == expected.digest(), "size": size}

    def do_get(self, file, headers, lifetime):
        """The response of the server to a GET: status, headers and number of bytes."""
        file = self.file(file)
        return exchange("GET", self.stores[file["store"]].url(file["key"], lifetime), headers)

    def do_put(self, store):
        """The response of the server to a part."""
        storage, key = self.stores[store], secrets.token_hex(6)
        begun = storage.begin(key, 1)
        url, headers = storage.part_url(key, begun, 1, False, HOUR)
        seen = exchange("PUT", url, headers, b"x")
        storage.abort(key, begun)
        return seen


def exchange(method, url, headers, body=None):
    """One request on a new connection, without added headers, redirects or decompression."""
    url = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(url.netloc, timeout=30)
    try:
        connection.putrequest(method, f"{url.path}?{url.query}", skip_accept_encoding=True)
        if body is not None:
            headers = {**headers, "Content-Length": str(len(body))}
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        try:
            read = response.read()
        except http.client.IncompleteRead as error:
            read = error.partial
        return {"status": response.status, "headers": {k.lower(): v for k, v in response.getheaders()}, "bytes": len(read)}
    finally:
        connection.close()


class Handler(BaseHTTPRequestHandler):
    """The routes of the API."""

    protocol_version = "HTTP/1.1"
    platform = None

    def route(self):
        url = urllib.parse.urlsplit(self.path)
        query, path = urllib.parse.parse_qs(url.query), url.path.removeprefix("/v2/").strip("/").split("/")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("X-SBG-Auth-Token") != self.platform.token:
            raise Refused(401, 701, "Unauthorized")
        body = json.loads(body) if body else {}
        platform = self.platform
        match self.command, *path:
            case "GET", "files":
                return platform.find(query)
            case "GET", "files", file_id:
                return platform.show(platform.file(file_id))
            case "GET", "files", file_id, "download_info":
                return platform.download_info(file_id)
            case "GET", "upload", "multipart":
                return platform.list_uploads()
            case "POST", "upload", "multipart":
                return platform.init(body)
            case "GET", "upload", "multipart", upload_id:
                return platform.show_upload(upload_id, query)
            case "POST", "upload", "multipart", upload_id:
                return {"parts": platform.report(upload_id, body["parts"])}
            case "DELETE", "upload", "multipart", upload_id:
                return platform.abort(upload_id)
            case "GET", "upload", "multipart", upload_id, "part", number:
                return platform.part_url(upload_id, int(number))
            case "POST", "upload", "multipart", upload_id, "part":
                return platform.report(upload_id, [body])[0]
            case "POST", "upload", "multipart", upload_id, "complete":
                return platform.complete(upload_id, body.get("parts") or [])
        raise Refused(404, 0, f"the gateway has no route {self.command} {url.path}")

    def serve(self):
        try:
            status, reply = 200, self.route()
        except Refused as refused:
            status = refused.status
            reply = {"status": status, "code": refused.code, "message": str(refused), "more_info": ""}
        reply = b"" if reply is None else json.dumps(reply).encode()
        self.send_response(status if reply else 204)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    do_GET = do_POST = do_DELETE = serve

    def log_message(self, *_arguments):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):  # A killed client resets its connection.
            super().handle_error(request, client_address)


def main():
    with open(sys.argv[1]) as stores:
        platform = Handler.platform = Platform(json.load(stores))
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say = lambda reply: print(json.dumps(reply), flush=True)
    say({"endpoint": f"http://127.0.0.1:{server.server_port}/v2", "token": platform.token})
    for line in sys.stdin:
        command = json.loads(line)
        try:
            say(getattr(platform, "do_" + command.pop("do"))(**command))
        except Exception as error:  # Every error is reported to the witness.
            say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
