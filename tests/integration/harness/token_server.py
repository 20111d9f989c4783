"""An OIDC token server for tests: client credentials for a token without a signature, which a broker takes that is set to
(Apache Kafka's own validator for trying things out)."""
import base64
import http.server
import json
import threading
import time
import urllib.parse


def _part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class TokenServer:
    """On 127.0.0.1. `requests` are the forms it was sent, with the client's id and secret and whether they came in the
    header; `lifetime` in seconds is that of the tokens it gives."""

    def __init__(self, secret="s3cret/ä:&", client="sluice", lifetime=300, context=None, port=0):
        self.secret, self.client, self.lifetime = secret, client, lifetime
        self.requests, self.given, self.status = [], 0, None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                login = self.headers.get("Authorization", "")
                if login.startswith("Basic "):
                    client, secret = base64.b64decode(login[6:]).decode().split(":", 1)
                    form.update(client=urllib.parse.unquote(client), secret=urllib.parse.unquote(secret), header=True)
                else:
                    form.update(client=form.get("client_id"), secret=form.get("client_secret"), header=False)
                outer.requests.append({**form, "path": self.path})
                self.answer(*outer.answer_to(form))

            def answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/realms/flows/token"
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self.url = self.url.replace("http:", "https:")
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def answer_to(self, form):
        if self.status:
            return self.status, {"error": "temporarily_unavailable"}
        if form.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type"}
        if (form["client"], form["secret"]) != (self.client, self.secret):
            return 401, {"error": "invalid_client", "error_description": "unknown client\nor wrong secret"}
        now = time.time()
        self.given += 1
        claims = {"sub": self.client, "iat": now, "exp": now + self.lifetime, "scope": form.get("scope", "").split()}
        return 200, {"access_token": f"{_part({'alg': 'none'})}.{_part(claims)}.", "token_type": "Bearer",
                     "expires_in": self.lifetime}

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
