package hikyaku.server.link;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;

/**
 * How the two ends prove to each other that they have the cluster's key, before anything else: each
 * answers the other's fresh nonce. The proof covers both names and what is below (the TLS
 * connection), so it cannot be carried over to another link.
 */
final class Greeting {
  /** What a link is for. The code is the version that a hello names. */
  enum Purpose {
    /** Sessions of a front. */
    SESSIONS((short) 1, "front"),
    /** Questions alone. */
    QUESTIONS((short) 0x101, "asker");

    private final short version;
    private final String role;

    Purpose(short version, String role) {
      this.version = version;
      this.role = role;
    }

    short version() {
      return version;
    }
  }

  /** Who greeted, and for what. */
  record Peer(String name, Purpose purpose) {}

  private static final int NONCE = 32;
  private static final int PROOF = 32;
  private static final int NAME = 128;

  private final InputStream in;
  private final OutputStream out;
  private final LinkKeys keys;
  private final byte[] binding;
  private final SecureRandom random;

  Greeting(InputStream in, OutputStream out, LinkKeys keys, byte[] binding, SecureRandom random) {
    this.in = in;
    this.out = out;
    this.keys = keys;
    this.binding = binding;
    this.random = random;
  }

  /**
   * Greets a node.
   *
   * @param name of the front, or of who asks
   * @return the node's name
   */
  String greet(Purpose purpose, String name) throws IOException {
    byte[] own = nonce();
    send(
        Frame.HELLO,
        ByteBuffer.allocate(2).putShort(purpose.version).array(),
        own,
        name.getBytes(StandardCharsets.UTF_8));
    ByteBuffer challenge = expect(Frame.CHALLENGE, NONCE + PROOF);
    byte[] theirs = take(challenge, NONCE);
    byte[] proof = take(challenge, PROOF);
    String node = name(challenge);
    String names = name + '\n' + node;
    check(proof, keys.proof("node", own, theirs, names, binding));
    send(Frame.PROOF, keys.proof(purpose.role, own, theirs, names, binding));
    return node;
  }

  /**
   * A node is greeted.
   *
   * @param name the node's
   */
  Peer asNode(String name) throws IOException {
    ByteBuffer hello = expect(Frame.HELLO, 2 + NONCE);
    Purpose purpose = purpose(hello.getShort());
    byte[] theirs = take(hello, NONCE);
    String front = name(hello);
    String names = front + '\n' + name;
    byte[] own = nonce();
    send(
        Frame.CHALLENGE,
        own,
        keys.proof("node", theirs, own, names, binding),
        name.getBytes(StandardCharsets.UTF_8));
    check(
        take(expect(Frame.PROOF, PROOF), PROOF),
        keys.proof(purpose.role, theirs, own, names, binding));
    return new Peer(front, purpose);
  }

  private static Purpose purpose(short version) throws LinkException {
    for (Purpose purpose : Purpose.values()) {
      if (purpose.version == version) {
        return purpose;
      }
    }
    throw new LinkException("a link of version " + version + ", which this release does not know");
  }

  private byte[] nonce() {
    byte[] nonce = new byte[NONCE];
    random.nextBytes(nonce);
    return nonce;
  }

  private static void check(byte[] proof, byte[] expected) throws LinkException {
    if (!MessageDigest.isEqual(proof, expected)) {
      throw new LinkException("the peer does not have the cluster's key");
    }
  }

  private void send(byte type, byte[]... parts) throws IOException {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteBuffer frame =
        ByteBuffer.allocate(Frame.HEADER + length).putInt(type << 24 | length).putInt(0);
    for (byte[] part : parts) {
      frame.put(part);
    }
    out.write(frame.array());
    out.flush();
  }

  private ByteBuffer expect(byte type, int atLeast) throws IOException {
    DataInputStream data = new DataInputStream(in);
    int head = data.readInt();
    int length = head & 0xff_ffff;
    if (head >>> 24 != type || data.readInt() != 0) {
      throw new LinkException("not a link of this program");
    }
    if (length < atLeast || length > Frame.MAX_GREETING) {
      throw new LinkException("a greeting of " + length + " octets");
    }
    byte[] payload = new byte[length];
    data.readFully(payload);
    return ByteBuffer.wrap(payload);
  }

  private static byte[] take(ByteBuffer from, int length) {
    byte[] part = new byte[length];
    from.get(part);
    return part;
  }

  private static String name(ByteBuffer rest) throws LinkException {
    if (rest.remaining() > NAME) {
      throw new LinkException("a name of " + rest.remaining() + " octets");
    }
    String name = StandardCharsets.UTF_8.decode(rest).toString();
    if (name.isEmpty() || name.chars().anyMatch(c -> c <= ' ' || c == 0x7f)) {
      throw new LinkException("a name that is none");
    }
    return name;
  }
}
