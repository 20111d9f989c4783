#!/usr/bin/python3
"""What becomes of flows that a broker does not take, each time with a real broker and an exact ledger: it is stopped or
hangs, has not got the topic or the replicas, gives no right, takes no record of that size; and partitions are added."""
import collections
import os
import shutil
import signal
import socket
import tempfile
import threading

from harness import certificates, daemon, kafka, kafka_admin, messages, token_server, udp, waiting
from harness.case import Case, main
from harness.netflow import RECORDS, datagram

SOURCES = 8  # enough for both workers, and so for both producers, to have some


class Stream:
    """Numbered datagrams from several addresses in turn, at a steady pace, from a thread."""

    def __init__(self, port, pace=0.004, first=0):
        self.sent = first
        self.paused = False
        self._end = threading.Event()
        self._pace = pace
        self._sockets = []
        for number in range(SOURCES):
            self._sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            self._sockets[-1].bind((f"127.0.0.{number + 2}", 0))
            self._sockets[-1].connect(("127.0.0.1", port))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._end.wait(self._pace):
            if self.paused:
                continue
            try:
                self._sockets[self.sent % SOURCES].send(datagram(self.sent))
            except ConnectionRefusedError:
                continue  # nobody is there just now
            self.sent += 1

    def more(self, count):
        wanted = self.sent + count
        waiting.until(lambda: self.sent >= wanted, f"{wanted} datagrams are sent")

    def end(self):
        """How many flows were sent."""
        self._end.set()
        self._thread.join()
        for one in self._sockets:
            one.close()
        return self.sent * RECORDS


class BrokerCase(Case):
    def setUp(self):
        super().setUp()
        self.broker = self.find_broker()
        self.topic = kafka.new_topic("brokers")

    def find_broker(self):
        return kafka.shared()

    def start(self, **kafka_settings):
        settings = {"brokers": self.broker.address, "topic": self.topic, "producers": 2, **kafka_settings}
        sluice = daemon.Daemon(self.path("daemon"), {"kafka": settings})
        self.addCleanup(sluice.kill)
        return sluice

    def fates(self, sluice):
        return {fate: sluice.metric(f"sluice_sink_{fate}") for fate in
                ("delivered_flows_total", "failed_flows_total", "shed_flows_total", "queued_flows")}

    def finish(self, sluice, stream, parse=messages.parse_framed):
        """Ends the stream: all of it was delivered, each flow is in the topic once; gives the topic's records."""
        count = stream.end()
        waiting.until(lambda: sluice.metric("sluice_protocol_flows_total") >= count, "all is decoded")
        waiting.until(lambda: sluice.metric("sluice_sink_queued_flows") == 0 and
                      sum(self.fates(sluice).values()) >= count, "nothing waits any more", 120)
        self.assertEqual({"delivered_flows_total": count, "failed_flows_total": 0, "shed_flows_total": 0, "queued_flows": 0},
                         self.fates(sluice), sluice.log())
        self.assertEqual(0, sluice.stop(), sluice.log())
        records = self.broker.records(self.topic)
        numbers = collections.Counter(flow["bytes"] if isinstance(flow, dict) else flow.bytes
                                      for record in records for flow in parse(record.value))
        missing = sorted(set(range(1, count + 1)) - set(numbers))
        self.assertEqual([], missing[:1], f"{len(missing)} flows are missing, up to {missing[-1:]}: {sluice.log()}")
        self.assertEqual(count, sum(numbers.values()), "flows are doubled")
        self.assertEqual((1, count), (min(numbers), max(numbers)))
        return records


class OwnBrokerCase(BrokerCase):
    """One broker for the whole class, set as it needs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.place = tempfile.mkdtemp(prefix="sluice-test-")
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        cls.own = cls.make_broker(os.path.join(cls.place, "kafka"))
        cls.own.start()
        cls.addClassCleanup(cls.own.stop)

    def find_broker(self):
        return self.own


class Partitions(BrokerCase):
    def used(self):
        return {number for number, end in kafka_admin.ends(self.broker, self.topic).items() if end}

    def test_added_while_flows_are_sent(self):
        kafka_admin.create_topic(self.broker, self.topic, 2)
        sluice = self.start(partition_by="round_robin")
        stream = Stream(sluice.port)
        stream.more(200)
        waiting.until(lambda: self.used() == {0, 1}, "both partitions have flows")
        kafka_admin.add_partitions(self.broker, self.topic, 6)
        waiting.until(lambda: self.used() == set(range(6)), "all partitions have flows", 120, interval=0.5)
        stream.more(500)
        self.finish(sluice, stream)


class Outages(OwnBrokerCase):
    """A broker that is stopped, does not answer, or has not got the topic."""

    @staticmethod
    def make_broker(directory):
        return kafka.Broker(directory, auto_create_topics_enable="false")

    def waits_for(self, sluice, words):
        waiting.until(lambda: words in sluice.log(), f'the log says "{words}"')

    def test_stopped(self):
        kafka_admin.create_topic(self.broker, self.topic, 4)
        sluice = self.start()
        stream = Stream(sluice.port)
        stream.more(100)
        self.broker.stop(keep=True)
        stream.more(500)
        self.waits_for(sluice, "brokers are down")
        self.broker.start()
        stream.more(100)
        self.finish(sluice, stream)

    def test_hung(self):
        """Requests that a frozen broker has taken, or not, time out and are sent again: once each, in the end."""
        kafka_admin.create_topic(self.broker, self.topic, 4)
        sluice = self.start(properties={"socket.timeout.ms": "1000"})
        stream = Stream(sluice.port)
        stream.more(100)
        self.broker.signal(signal.SIGSTOP)
        try:
            self.waits_for(sluice, "timed out")
            stream.more(300)
            self.assertEqual(200, sluice.http("/healthz")[0])
            self.assertGreater(sluice.metric("sluice_sink_queued_flows"), 0)
        finally:
            self.broker.signal(signal.SIGCONT)
        stream.more(100)
        self.finish(sluice, stream)

    def test_topic_missing(self):
        sluice = self.start()
        stream = Stream(sluice.port)
        stream.more(100)
        self.waits_for(sluice, f"topic {self.topic}: Broker: Unknown topic or partition")
        stream.more(300)
        waiting.until(lambda: sluice.metric("sluice_sink_queued_flows") >= 300 * RECORDS, "flows wait")
        kafka_admin.create_topic(self.broker, self.topic, 4)
        stream.more(100)
        self.finish(sluice, stream)


class Rights(OwnBrokerCase):
    """The broker's users are set by its own configuration, so taking a right away is a restart of it."""

    LOGIN = {"mechanism": "PLAIN", "username": "sluice", "password": "secret"}

    @staticmethod
    def make_broker(directory):
        broker = kafka.Broker(directory, sasl=True, sasl_enabled_mechanisms="PLAIN",
                              authorizer_class_name="org.apache.kafka.metadata.authorizer.StandardAuthorizer")
        broker.properties["listener.name.sasl_plaintext.plain.sasl.jaas.config"] = (
            'org.apache.kafka.common.security.plain.PlainLoginModule required user_sluice="secret";')
        broker.properties["super.users"] = "User:ANONYMOUS;User:sluice"
        return broker

    def restart(self, users):
        self.broker.stop(keep=True)
        self.broker.properties["super.users"] = users
        self.broker.start()

    def test_taken_away_and_given_back(self):
        kafka_admin.create_topic(self.broker, self.topic, 4)
        sluice = self.start(brokers=self.broker.sasl_address, sasl=self.LOGIN)
        stream = Stream(sluice.port)
        stream.more(100)
        waiting.until(lambda: sluice.metric("sluice_sink_delivered_flows_total") > 0, "flows are delivered")
        # What is on its way while a broker ends may have been written or not; it is for the other tests.
        stream.paused = True
        waiting.until(lambda: sluice.metric("sluice_sink_queued_flows") == 0, "nothing is on its way")
        self.restart("User:ANONYMOUS")
        stream.paused = False
        waiting.until(lambda: "flows wait and are sent again: Broker: " in sluice.log(), "the log says why flows wait")
        stream.more(300)
        self.restart("User:ANONYMOUS;User:sluice")
        stream.more(100)
        self.finish(sluice, stream)


class Sizes(BrokerCase):
    """What the topic's max.message.bytes is too small for is cut, down to single records."""

    LIMIT = 2000

    def setUp(self):
        super().setUp()
        kafka_admin.create_topic(self.broker, self.topic, 2, max_message_bytes=self.LIMIT)

    def sent_whole(self, parse=messages.parse_framed, **settings):
        sluice = self.start(**settings)
        stream = Stream(sluice.port)
        stream.more(500)
        self.finish(sluice, stream, parse)
        self.assertIn("the broker refuses records for their size; they are sent again in smaller ones", sluice.log())

    def test_blocks(self):
        self.sent_whole(block_bytes="64KB")

    def test_blocks_of_json(self):
        self.sent_whole(messages.parse_json, format="json", framing="batch", block_bytes="64KB")

    def test_single_records(self):
        self.sent_whole(framing="single")

    def test_plain_records(self):
        self.sent_whole(lambda value: [messages.parse(value)], framing="plain")

    def test_a_flow_that_fits_into_no_record_is_counted_and_said(self):
        """No block and no single record is small enough: all is lost, and told."""
        kafka_admin.set_topic(self.broker, self.topic, max_message_bytes=100)
        for framing in ("batch", "single"):
            with self.subTest(framing=framing):
                with daemon.Daemon(self.path(f"daemon-{framing}"), {"kafka": {
                        "brokers": self.broker.address, "topic": self.topic, "framing": framing}}) as sluice:
                    with udp.Sender(sluice.port) as sender:
                        sender.send(datagram(0))
                    lost = lambda: sluice.metric("sluice_sink_failed_flows_total", reason="message_too_large")
                    waiting.until(lambda: lost() == RECORDS, "each flow is counted as too large", 60)
                    self.assertEqual(0, sluice.metric("sluice_sink_queued_flows"))
                    waiting.until(lambda: "flows lost: Broker: Message size too large" in sluice.log(), "the log says so")
        self.assertEqual(0, sum(kafka_admin.ends(self.broker, self.topic).values()))

    def test_doctor_compares(self):
        for settings, words in (({"block_bytes": "1MB"}, "less than block_bytes (1048576)"),
                                ({"framing": "single"}, "less than the batch of records that librdkafka puts together")):
            with self.subTest(**settings):
                sluice = self.start(**settings)
                told = daemon.run_once("doctor", "-c", sluice.config)
                self.assertRegex(told.stdout, rf"(?s)warn\w* +topic {self.topic} .*max\.message\.bytes")
                self.assertIn(words, " ".join(told.stdout.split()))
                sluice.stop()


class Tokens(OwnBrokerCase):
    """SASL OAUTHBEARER: a token server of the test's own, and the broker's validator of tokens without a signature."""

    @staticmethod
    def make_broker(directory):
        broker = kafka.Broker(directory, sasl=True, sasl_enabled_mechanisms="OAUTHBEARER")
        prefix = "listener.name.sasl_plaintext.oauthbearer"
        broker.properties[f"{prefix}.sasl.jaas.config"] = (
            "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "
            'unsecuredLoginStringClaim_sub="broker";')
        # A connection ends with the token it was made with.
        broker.properties[f"{prefix}.connections.max.reauth.ms"] = 3600000
        return broker

    def serve(self, **settings):
        server = token_server.TokenServer(**settings)
        self.addCleanup(server.close)
        return server

    def login(self, server, **more):
        secret = self.path("secret")
        with open(secret, "w") as file:
            file.write(server.secret + "\n")
        return {"mechanism": "OAUTHBEARER", "oauth": {"token_url": server.url, "client_id": server.client,
                                                      "client_secret_file": secret, **more}}

    def start(self, login, **settings):
        return super().start(brokers=self.broker.sasl_address, sasl=login, **settings)

    def test_flows_are_delivered(self):
        server = self.serve()
        sluice = self.start(self.login(server, scope="kafka flows", audience="broker", extensions={"traceId": "x1"}))
        stream = Stream(sluice.port)
        stream.more(100)
        self.finish(sluice, stream)
        asked = server.requests[0]
        self.assertEqual(("kafka flows", "broker", True, "/realms/flows/token"),
                         (asked["scope"], asked["audience"], asked["header"], asked["path"]))
        self.assertEqual(1, server.given, "one token is enough for both producers")

    def test_over_https_with_the_secret_in_the_form(self):
        authority = certificates.Authority(self.path("ca"))
        server = self.serve(context=authority.server())
        sluice = self.start(self.login(server, client_auth="body", ca_file=authority.file))
        stream = Stream(sluice.port)
        stream.more(50)
        self.finish(sluice, stream)
        self.assertFalse(server.requests[0]["header"])

    def test_an_authority_that_nobody_knows_gets_no_secret(self):
        server = self.serve(context=certificates.Authority(self.path("ca")).server())
        sluice = self.start(self.login(server))
        waiting.until(lambda: "no token: " in sluice.log(), "the log says that there is no token")
        self.assertRegex(sluice.log(), "no token: .*certificate")
        self.assertEqual([], server.requests)

    def test_tokens_of_seconds_are_renewed(self):
        server = self.serve(lifetime=4)
        sluice = self.start(self.login(server))
        stream = Stream(sluice.port)
        waiting.until(lambda: server.given >= 4, "the token is renewed")
        stream.more(100)
        self.finish(sluice, stream)

    def test_wrong_secret_then_right(self):
        server = self.serve()
        login = self.login(server)
        right, server.secret = server.secret, "another"
        sluice = self.start(login)
        stream = Stream(sluice.port)
        waiting.until(lambda: "invalid_client" in sluice.log(), "the log says why there is no token")
        stream.more(50)
        self.assertIn(f"no token: http://127.0.0.1:{server.port}/realms/flows/token answers 401 "
                      "(invalid_client: unknown client?or wrong secret)", sluice.log())
        self.assertGreater(sluice.metric("sluice_sink_errors_total"), 0)
        told = daemon.run_once("doctor", "-c", sluice.config)
        self.assertIn("invalid_client", told.stdout)
        self.assertNotIn(right, sluice.log() + told.stdout + told.stderr)
        server.secret = right
        self.finish(sluice, stream)

    def test_server_away_then_there(self):
        server = token_server.TokenServer()
        login, port = self.login(server), server.port
        server.close()
        sluice = self.start(login)
        stream = Stream(sluice.port)
        waiting.until(lambda: "no token: " in sluice.log(), "the log says that there is no token")
        stream.more(50)
        self.serve(port=port)
        self.finish(sluice, stream)

    def test_doctor_logs_in(self):
        server = self.serve()
        sluice = self.start(self.login(server))
        told = daemon.run_once("doctor", "-c", sluice.config)
        self.assertRegex(told.stdout, rf"ok +broker of sink kafka +{self.broker.sasl_address} answers")


if __name__ == "__main__":
    main()
