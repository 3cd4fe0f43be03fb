package hikyaku.server.link;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a cluster's links, derived from its secret. A front has two of them and no more: it
 * can reach nodes and sign tickets, but not seal a position, so it cannot say that someone has
 * logged in who has not.
 */
public final class LinkKeys {
  private static final String HMAC = "HmacSHA256";
  private static final int SEAL = 16;

  private final Mac link;
  private final Mac ticket;
  private final @Nullable Mac position;

  private LinkKeys(byte[] link, byte[] ticket, byte @Nullable [] position) {
    this.link = mac(link);
    this.ticket = mac(ticket);
    this.position = position == null ? null : mac(position);
  }

  /**
   * All keys, for a node.
   *
   * @param derive gives a key of the cluster's secret for a purpose
   */
  public static LinkKeys ofNode(Derivation derive) {
    return new LinkKeys(derive.key("link"), derive.key("link ticket"), derive.key("link position"));
  }

  /** A front's keys, from the same secret. */
  public static LinkKeys ofFront(Derivation derive) {
    return new LinkKeys(derive.key("link"), derive.key("link ticket"), null);
  }

  /** Gives a key of 32 octets for a purpose. */
  @FunctionalInterface
  public interface Derivation {
    byte[] key(String purpose);
  }

  private static Mac mac(byte[] key) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key, HMAC));
      return mac;
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }

  /** A Mac is not to be shared; its copy is ready at once. */
  private static Mac copy(Mac of) {
    try {
      return (Mac) of.clone();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What proves to the peer that the speaker has the key and means this very link. */
  byte[] proof(String role, byte[] frontNonce, byte[] nodeNonce, String names, byte[] binding) {
    Mac mac = copy(link);
    field(mac, role.getBytes(StandardCharsets.UTF_8));
    field(mac, frontNonce);
    field(mac, nodeNonce);
    field(mac, names.getBytes(StandardCharsets.UTF_8));
    field(mac, binding);
    return mac.doFinal();
  }

  byte[] ticket(String node, long expires, long nonce, byte[] open) {
    Mac mac = copy(ticket);
    field(mac, node.getBytes(StandardCharsets.UTF_8));
    mac.update(ByteBuffer.allocate(16).putLong(expires).putLong(nonce).flip());
    field(mac, open);
    return mac.doFinal();
  }

  /** With its length, so that no two sequences of fields give the same octets. */
  private static void field(Mac mac, byte[] octets) {
    mac.update(ByteBuffer.allocate(4).putInt(octets.length).flip());
    mac.update(octets);
  }

  /** Seals a session's position: it is good for that session and service only. */
  byte[] seal(String session, String service, byte[] plain) {
    byte[] sealed = Arrays.copyOf(plain, plain.length + SEAL);
    System.arraycopy(sealOf(session, service, plain), 0, sealed, plain.length, SEAL);
    return sealed;
  }

  /** The position, or empty if no node of this cluster sealed it for this session. */
  Optional<byte[]> unseal(String session, String service, byte[] sealed) {
    if (sealed.length < SEAL) {
      return Optional.empty();
    }
    byte[] plain = Arrays.copyOf(sealed, sealed.length - SEAL);
    byte[] seal = Arrays.copyOfRange(sealed, plain.length, sealed.length);
    byte[] expected = Arrays.copyOf(sealOf(session, service, plain), SEAL);
    return MessageDigest.isEqual(seal, expected) ? Optional.of(plain) : Optional.empty();
  }

  private byte[] sealOf(String session, String service, byte[] plain) {
    if (position == null) {
      throw new IllegalStateException("only a node seals positions");
    }
    Mac mac = copy(position);
    field(mac, session.getBytes(StandardCharsets.UTF_8));
    field(mac, service.getBytes(StandardCharsets.UTF_8));
    mac.update(plain);
    return mac.doFinal();
  }
}
