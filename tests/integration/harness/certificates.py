"""An authority of the test's own and a server's certificate that it signs."""
import os
import ssl
import subprocess


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, stdin=subprocess.DEVNULL)


class Authority:
    def __init__(self, directory):
        os.makedirs(directory, exist_ok=True)
        self.directory = directory
        self.file, self._key = os.path.join(directory, "ca.pem"), os.path.join(directory, "ca.key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2, "-subj", "/CN=Sluice test",
                "-keyout", self._key, "-out", self.file)

    def server(self, names="IP:127.0.0.1"):
        """An ssl.SSLContext for a server of these names."""
        request, key, certificate = (os.path.join(self.directory, f"server.{end}") for end in ("csr", "key", "pem"))
        extensions = os.path.join(self.directory, "server.ext")
        with open(extensions, "w") as file:
            file.write(f"subjectAltName={names}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=server", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key, "-CAcreateserial", "-days", 1,
                "-extfile", extensions, "-out", certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context
