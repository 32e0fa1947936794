#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""A metadata service at 169.254.169.254:80 of a network namespace that is its own, well-behaved or not."""
import fcntl
import http.server
import socket
import struct
import sys
import time

ADDRESS = "169.254.169.254"
TOKEN = "AQAEAexample-token=="
ACCOUNT = "123456789012"
SIOCSIFADDR, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x8914, 1

EC2 = {"/latest/meta-data/instance-type": "m8i.xlarge",
       "/latest/meta-data/placement/region": "eu-central-1",
       "/latest/dynamic/instance-identity/document": '{"accountId": "%s"}' % ACCOUNT}
GCE = {"/computeMetadata/v1/instance/machine-type": "projects/%s/machineTypes/n2-standard-4" % ACCOUNT,
       "/computeMetadata/v1/instance/zone": "projects/%s/zones/europe-west3-a" % ACCOUNT,
       "/computeMetadata/v1/instance/cpu-platform": "Intel Ice Lake"}
AZURE = {"/metadata/instance/compute/vmSize?api-version=2021-02-01&format=text": "Standard_D4s_v5",
         "/metadata/instance/compute/location?api-version=2021-02-01&format=text": "westeurope"}


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mode = ""

    def log_message(self, *arguments):
        with open("asked", "a") as asked:
            asked.write(self.requestline + "\n")

    def answer(self, status, body, header=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if header:
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body.encode("latin-1"))

    def do_PUT(self):
        if self.mode == "hang":
            time.sleep(5)
        if self.mode == "token":
            self.answer(200, "a\r\nX-Injected: 1")
        elif self.path != "/latest/api/token" or not self.headers["X-aws-ec2-metadata-token-ttl-seconds"]:
            self.answer(400, "")
        else:
            self.answer(200, TOKEN)

    def allowed(self):
        if self.path in EC2:
            return self.headers["X-aws-ec2-metadata-token"] == TOKEN
        if self.path in GCE:
            return self.headers["Metadata-Flavor"] == "Google"
        return self.headers["Metadata"] == "true"

    def do_GET(self):
        answers = {**EC2, **GCE, **AZURE}
        if self.path == "/other":
            self.answer(200, "m8i.redirected")
        elif not self.allowed():
            self.answer(401, "")
        elif self.path not in answers:
            self.answer(404, "")
        elif self.mode == "redirect":
            self.answer(302, "", ("Location", "http://%s/other" % ADDRESS))
        elif self.mode == "giant":
            self.answer(200, "m" * 9000)
        elif self.mode == "endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(50):
                self.wfile.write(b"m")
                self.wfile.flush()
                time.sleep(0.1)
        elif self.mode == "slow":
            time.sleep(0.6)
            self.answer(200, answers[self.path])
        elif self.mode == "escape":
            self.answer(200, "\x1b[31mm8i.xlarge")
        elif self.mode == "nul":
            self.answer(200, "m8i.xlarge\0x")
        elif self.mode == "account":
            self.answer(200, "account-" + ACCOUNT)
        elif self.mode == "empty":
            self.answer(200, "")
        else:
            self.answer(200, answers[self.path])


def bring_up():
    """The address on the loopback interface of this namespace, without tools."""
    control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    address = struct.pack("16sHH4s8x", b"lo", socket.AF_INET, 0, socket.inet_aton(ADDRESS))
    fcntl.ioctl(control, SIOCSIFADDR, address)
    fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def main():
    Service.mode = sys.argv[1]
    bring_up()
    if Service.mode == "garbage":
        server = socket.create_server((ADDRESS, 80))
        open("ready", "w").close()
        while True:
            peer = server.accept()[0]
            peer.recv(4096)
            peer.sendall(bytes(range(256)))
            peer.close()
    service = http.server.ThreadingHTTPServer((ADDRESS, 80), Service)
    open("ready", "w").close()
    service.serve_forever()


main()
