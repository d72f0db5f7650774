"""A webhook of this machine, and one that is whoever it is asked for: what stands between programs and the world."""

from __future__ import annotations

import json
import ssl
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "s3cr3t"  # noqa: S105  # part of an address, as many webhooks have it


class OwnWebhook(ThreadingHTTPServer):
    """Keeps what it is told; answers with `refusals` first, each once, then with `status`."""

    def __init__(self, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.told: list[dict[str, Any]] = []
        self.hosts: list[str] = []
        self.status = 200
        self.elsewhere = ""
        self.refusals: list[tuple[int, dict[str, str]]] = []
        self.certificate = certificate

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks/{SECRET}"


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # http.server's name
        assert isinstance(self.server, OwnWebhook)
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.hosts.append(self.headers["Host"])
        status, headers = self.server.refusals.pop(0) if self.server.refusals else (self.server.status, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.server.elsewhere:
            self.send_header("Location", self.server.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:  # http.server's name
        assert isinstance(self.server, OwnWebhook)
        self.server.told.append({"got": self.path})
        self.send_response(200)
        self.end_headers()

    def do_CONNECT(self) -> None:  # http.server's name
        """Be a proxy, and the host that it is asked for."""
        assert isinstance(self.server, OwnWebhook)
        assert self.server.certificate
        self.send_response(200)
        self.end_headers()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server.certificate)
        with context.wrap_socket(self.connection, server_side=True) as secured:
            Receiver(secured, self.client_address, self.server)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve(webhook: OwnWebhook) -> Iterator[OwnWebhook]:
    with webhook:
        thread = Thread(target=webhook.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield webhook
        webhook.shutdown()
        thread.join()


def write_certificate(path: Path, *hosts: str) -> None:
    """Write a key and a certificate that it has signed itself, for these hosts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
