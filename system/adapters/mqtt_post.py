"""The post office of an embedded broker: who gets what, and when its sender is answered."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from system.adapters import mqtt_wire as wire
from system.adapters.mqtt_access import Access
from system.adapters.mqtt_connection import Connection
from system.adapters.mqtt_mailbox import Letter, Mailbox
from system.adapters.mqtt_spool import Spool
from system.adapters.mqtt_topics import Filters, covers, is_filter, is_topic

QOS_MAX: Final = 1
# Topics with a retained message; more are not kept. Devices retain their last state at most.
RETAINED_MAX: Final = 100_000


class PostOffice:
    """Mailboxes, subscriptions and retained messages. ``flush`` makes them last, then answers."""

    def __init__(self, access: Access, spool: Path | None) -> None:
        self._access, self._path = access, spool
        self._spool: Spool | None = None
        self._mailboxes: dict[str, Mailbox] = {}
        self._filters: Filters[int] = Filters()
        self._retained: dict[str, tuple[bytes, int]] = {}
        self._number = 0
        self._answers: list[tuple[Connection, bytes]] = []
        self._touched: dict[str, Mailbox] = {}
        self._is_due = False
        self._full: Mailbox | None = None
        self._relief = asyncio.Event()

    def open(self) -> None:
        """Read what a spool kept; without one, go on with what is in memory."""
        if self._path is None:
            return
        self._spool = spool = Spool(self._path)
        self._mailboxes = {client: Mailbox(client, True) for client in spool.sessions()}
        self._filters = Filters()
        for client, name, qos in spool.subscriptions():
            self._mailboxes[client].filters[name] = qos
            self._filters.put(name, client, qos)
        for number, client, topic, payload in spool.letters():
            # It may have been sent before the end.
            self._mailboxes[client].put(Letter(number, topic, payload, is_repeat=True))
            self._number = number
        self._retained = {topic: (payload, qos) for topic, payload, qos in spool.retained()}

    def close(self) -> None:
        """Forget what was neither answered nor kept."""
        self._answers.clear()
        self._touched.clear()
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    # Coming and going.

    def admit(self, connection: Connection) -> None:
        """Give a connection its user's mailbox; an older connection of the user ends."""
        user, session = connection.user, connection.amqtt_session
        mailbox = self._mailboxes.get(user)
        if mailbox is not None and isinstance(mailbox.outlet, Connection):
            older = mailbox.outlet
            self.leave(older, with_will=True)
            older.cut()
            mailbox = self._mailboxes.get(user)
        if mailbox is not None and session.clean_session:
            self._discard(mailbox)
            mailbox = None
        is_present = mailbox is not None
        if mailbox is None:
            mailbox = self._new_mailbox(user, is_lasting=not session.clean_session)
        connection.mailbox = mailbox
        mailbox.outlet = connection
        connection.send(wire.connack(wire.ACCEPTED, is_session_present=is_present))
        self._touch(mailbox)

    def _new_mailbox(self, user: str, *, is_lasting: bool) -> Mailbox:
        mailbox = self._mailboxes[user] = Mailbox(user, is_lasting)
        if is_lasting and self._spool is not None:
            self._spool.add_session(user)
        return mailbox

    def leave(self, connection: Connection, *, with_will: bool) -> None:
        """The connection has ended; its mailbox waits for the next, if it lasts."""
        connection.ended()
        mailbox = connection.mailbox
        if mailbox.outlet is not connection:
            return
        mailbox.outlet = None
        if mailbox.is_lasting:
            mailbox.take_back()
        else:
            self._discard(mailbox)
        if with_will:
            self._publish_will(connection)

    def _discard(self, mailbox: Mailbox) -> None:
        for name in mailbox.filters:
            self._filters.drop(name, mailbox.client)
        del self._mailboxes[mailbox.client]
        self._relieve(mailbox)
        if mailbox.is_lasting and self._spool is not None:
            self._spool.remove_session(mailbox.client)
            self._schedule()

    def _publish_will(self, connection: Connection) -> None:
        session = connection.amqtt_session
        if session.will_flag and session.will_topic is not None:
            payload = bytes(session.will_message or b"")
            topic = session.will_topic.encode()
            qos = min(session.will_qos or 0, QOS_MAX)
            # A will that nobody may publish dies with its client.
            with suppress(wire.WireError):
                self._pass_on(connection.user, topic, payload, qos, keep=bool(session.will_retain))

    # Messages.

    def accept(
        self,
        sender: Connection,
        topic: bytes,
        payload: bytes,
        qos: int,
        packet_id: int,
        keep: bool,
    ) -> None:
        """Take a message over; its sender is answered at the next flush."""
        self._pass_on(sender.user, topic, payload, min(qos, QOS_MAX), keep=keep)
        if qos:
            kind = wire.PUBACK if qos == 1 else wire.PUBREC
            self._answers.append((sender, wire.answer(kind, packet_id)))
            self._schedule()

    def _pass_on(
        self, user: str, raw_topic: bytes, payload: bytes, qos: int, *, keep: bool
    ) -> None:
        try:
            topic = raw_topic.decode()
        except UnicodeDecodeError:
            raise wire.WireError("a topic that is not UTF-8") from None
        if not is_topic(topic):
            raise wire.WireError(f"a topic that nobody may publish to: {topic[:80]!r}")
        if not self._access.may_publish(user, topic):
            return
        if keep:
            self._retain(topic, payload, qos)
        for client, granted in self._filters.matching(topic).items():
            self._deliver(self._mailboxes[client], raw_topic, payload, min(qos, max(granted)))

    def _deliver(self, mailbox: Mailbox, topic: bytes, payload: bytes, qos: int) -> None:
        """At the lower of the publisher's and the subscriber's QoS."""
        outlet = mailbox.outlet
        if qos == 0:
            if outlet is not None and outlet.has_room:
                outlet.send(wire.publish(topic, payload, 0))
            return
        self._number += 1
        mailbox.put(Letter(self._number, topic, payload))
        if mailbox.is_lasting and self._spool is not None:
            self._spool.add_letter(self._number, mailbox.client, topic, payload)
        if self._full is None and mailbox.is_full:
            self._full = mailbox
            self._relief.clear()
        self._touch(mailbox)

    def _retain(self, topic: str, payload: bytes, qos: int) -> None:
        if not payload:
            self._retained.pop(topic, None)
        elif topic in self._retained or len(self._retained) < RETAINED_MAX:
            self._retained[topic] = (payload, qos)
        if self._spool is not None:
            self._spool.retain(topic, payload, qos)
            self._schedule()

    def answered(self, mailbox: Mailbox, packet_id: int) -> None:
        """A client has acknowledged a message."""
        letter = mailbox.acknowledged(packet_id)
        if letter is None:
            return
        if mailbox.is_lasting and self._spool is not None:
            self._spool.remove_letter(letter.number)
        self._relieve(mailbox)
        self._touch(mailbox)

    # Subscriptions.

    def subscribe(self, sender: Connection, packet_id: int, filters: list[tuple[str, int]]) -> None:
        """Grant what is valid and allowed, answer, then send what is retained under it."""
        granted = [self._grant(sender, name, qos) for name, qos in filters]
        self._answers.append((sender, wire.suback(packet_id, granted)))
        self._schedule()
        for (name, _), qos in zip(filters, granted, strict=True):
            if qos != wire.NOT_GRANTED:
                self._send_retained(sender.mailbox, name, qos)

    def _grant(self, sender: Connection, name: str, qos: int) -> int:
        if qos > 2:
            raise wire.WireError(f"a subscription at QoS {qos}")
        if not is_filter(name) or not self._access.may_subscribe(sender.user, name):
            return wire.NOT_GRANTED
        granted = min(qos, QOS_MAX)
        mailbox = sender.mailbox
        mailbox.filters[name] = granted
        self._filters.put(name, mailbox.client, granted)
        if mailbox.is_lasting and self._spool is not None:
            self._spool.subscribe(mailbox.client, name, granted)
        return granted

    def _send_retained(self, mailbox: Mailbox, name: str, granted: int) -> None:
        for topic, (payload, kept_qos) in self._retained.items():
            if not covers(name, topic):
                continue
            if min(granted, kept_qos) == 0 and mailbox.outlet is not None:
                packet = wire.publish(topic.encode(), payload, 0, is_retained=True)
                self._answers.append((self._connection_of(mailbox), packet))
            else:
                self._number += 1
                mailbox.put(Letter(self._number, topic.encode(), payload, is_retained=True))
                self._touch(mailbox)

    @staticmethod
    def _connection_of(mailbox: Mailbox) -> Connection:
        assert isinstance(mailbox.outlet, Connection)
        return mailbox.outlet

    def unsubscribe(self, sender: Connection, packet_id: int, filters: list[str]) -> None:
        """Drop them, and answer."""
        mailbox = sender.mailbox
        for name in filters:
            mailbox.filters.pop(name, None)
            self._filters.drop(name, mailbox.client)
            if mailbox.is_lasting and self._spool is not None:
                self._spool.unsubscribe(mailbox.client, name)
        self._answers.append((sender, wire.answer(wire.UNSUBACK, packet_id)))
        self._schedule()

    # Flushing and pressure.

    def _touch(self, mailbox: Mailbox) -> None:
        self._touched[mailbox.client] = mailbox
        self._schedule()

    def _schedule(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Make what was accepted last, then answer for it and pass it on."""
        self._is_due = False
        if self._spool is not None:
            self._spool.commit()
        answers, self._answers = self._answers, []
        touched, self._touched = self._touched, {}
        for connection, data in answers:
            connection.send(data)
        for mailbox in touched.values():
            mailbox.push()

    async def room(self, sender: Connection) -> None:
        """Return once nobody's mailbox is full, or it is the sender's own."""
        while self._full is not None and self._full is not sender.mailbox:
            await self._relief.wait()

    def _relieve(self, mailbox: Mailbox) -> None:
        if mailbox is self._full and (
            not mailbox.is_full or self._mailboxes.get(mailbox.client) is not mailbox
        ):
            self._full = None
            self._relief.set()
