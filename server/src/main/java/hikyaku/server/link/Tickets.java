package hikyaku.server.link;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.server.link.proto.Ticket;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Signs tickets, and judges them: each is good for one node, once, for a short time. */
final class Tickets {
  private final LinkKeys keys;
  private final Duration life;
  private final InstantSource clock;

  /** Nonces of tickets that would still be good, with the time when they no longer are. */
  private final Set<Long> used = new HashSet<>();

  private final Deque<Used> usedInOrder = new ArrayDeque<>();

  private record Used(long nonce, long expires) {}

  Tickets(LinkKeys keys, Duration life, InstantSource clock) {
    this.keys = keys;
    this.life = life;
    this.clock = clock;
  }

  byte[] sign(String node, byte[] open, RandomGenerator random) {
    long expires = clock.millis() + life.toMillis();
    long nonce = random.nextLong();
    return Ticket.newBuilder()
        .setOpen(ByteString.copyFrom(open))
        .setExpires(expires)
        .setNonce(nonce)
        .setMac(ByteString.copyFrom(keys.ticket(node, expires, nonce, open)))
        .build()
        .toByteArray();
  }

  /**
   * The Open of a good ticket.
   *
   * @param node to which it was given
   * @throws LinkException saying what is wrong with it
   */
  byte[] judge(String node, byte[] octets) throws LinkException {
    Ticket ticket;
    try {
      ticket = Ticket.parseFrom(octets);
    } catch (InvalidProtocolBufferException e) {
      throw new LinkException("a ticket that cannot be read");
    }
    byte[] open = ticket.getOpen().toByteArray();
    byte[] mac = keys.ticket(node, ticket.getExpires(), ticket.getNonce(), open);
    if (!MessageDigest.isEqual(mac, ticket.getMac().toByteArray())) {
      throw new LinkException("a ticket that is not signed for this node");
    }
    long now = clock.millis();
    if (ticket.getExpires() < now) {
      throw new LinkException("a ticket that has run out; compare the clocks");
    }
    if (ticket.getExpires() > now + 2 * life.toMillis()) {
      throw new LinkException("a ticket from the future; compare the clocks");
    }
    if (!firstUse(ticket.getNonce(), ticket.getExpires(), now)) {
      throw new LinkException("a ticket that was used before");
    }
    return open;
  }

  private synchronized boolean firstUse(long nonce, long expires, long now) {
    while (!usedInOrder.isEmpty() && usedInOrder.getFirst().expires() < now) {
      used.remove(usedInOrder.removeFirst().nonce());
    }
    if (!used.add(nonce)) {
      return false;
    }
    usedInOrder.addLast(new Used(nonce, expires));
    return true;
  }
}
