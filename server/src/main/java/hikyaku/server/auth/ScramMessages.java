package hikyaku.server.auth;

import java.util.Base64;
import java.util.Optional;

/** The client's messages of RFC 5802 §7, taken apart. Linear in their length, never throwing. */
final class ScramMessages {
  private ScramMessages() {}

  /** Whether the client binds the channel (RFC 5802 §5.1 and §6). */
  sealed interface ChannelBinding {
    /** {@code n}: the client cannot. */
    record Unsupported() implements ChannelBinding {}

    /** {@code y}: the client could, and believes that the server cannot. */
    record NotOffered() implements ChannelBinding {}

    /** {@code p=}: the client does, by this type. */
    record Required(String type) implements ChannelBinding {}
  }

  /**
   * {@code client-first-message}.
   *
   * @param gs2Header up to and with the comma before the bare message
   * @param authzid empty if none
   * @param bare {@code client-first-message-bare}
   */
  record ClientFirst(
      ChannelBinding binding,
      String gs2Header,
      String authzid,
      String bare,
      String username,
      String nonce) {}

  /**
   * {@code client-final-message}.
   *
   * @param withoutProof everything before {@code ,p=}
   */
  record ClientFinal(byte[] binding, String nonce, byte[] proof, String withoutProof) {}

  /** Reads a first message, or nothing if it is none. */
  static Optional<ClientFirst> clientFirst(String message) {
    int flagEnd = message.indexOf(',');
    int headerEnd = flagEnd < 0 ? -1 : message.indexOf(',', flagEnd + 1);
    if (headerEnd < 0) {
      return Optional.empty();
    }
    Optional<ChannelBinding> binding = binding(message.substring(0, flagEnd));
    Optional<String> authzid = authzid(message.substring(flagEnd + 1, headerEnd));
    String bare = message.substring(headerEnd + 1);
    // A reserved-mext ("m=") stands first and must be refused (§5.1), which this does.
    int nameEnd = bare.indexOf(',');
    if (!bare.startsWith("n=") || nameEnd < 0) {
      return Optional.empty();
    }
    Optional<String> username = saslname(bare.substring(2, nameEnd));
    Optional<String> nonce = attribute('r', untilComma(bare, nameEnd + 1));
    if (binding.isEmpty()
        || authzid.isEmpty()
        || username.isEmpty()
        || nonce.filter(ScramMessages::printable).isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new ClientFirst(
            binding.get(),
            message.substring(0, headerEnd + 1),
            authzid.get(),
            bare,
            username.get(),
            nonce.get()));
  }

  private static Optional<ChannelBinding> binding(String flag) {
    return switch (flag) {
      case "n" -> Optional.of(new ChannelBinding.Unsupported());
      case "y" -> Optional.of(new ChannelBinding.NotOffered());
      default ->
          attribute('p', flag)
              .filter(name -> name.chars().allMatch(ScramMessages::bindingNameChar))
              .map(ChannelBinding.Required::new);
    };
  }

  private static boolean bindingNameChar(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '.'
        || c == '-';
  }

  private static Optional<String> authzid(String text) {
    return text.isEmpty() ? Optional.of("") : attribute('a', text).flatMap(ScramMessages::saslname);
  }

  /** Reads a final message, or nothing if it is none. */
  static Optional<ClientFinal> clientFinal(String message) {
    int proofAt = message.lastIndexOf(",p=");
    if (proofAt < 0) {
      return Optional.empty();
    }
    String withoutProof = message.substring(0, proofAt);
    Optional<byte[]> proof = base64(message.substring(proofAt + 3));
    int bindingEnd = withoutProof.indexOf(',');
    if (bindingEnd < 0) {
      return Optional.empty();
    }
    Optional<byte[]> binding =
        attribute('c', withoutProof.substring(0, bindingEnd)).flatMap(ScramMessages::base64);
    Optional<String> nonce = attribute('r', untilComma(withoutProof, bindingEnd + 1));
    return proof.isPresent() && binding.isPresent() && nonce.isPresent()
        ? Optional.of(new ClientFinal(binding.get(), nonce.get(), proof.get(), withoutProof))
        : Optional.empty();
  }

  private static String untilComma(String text, int from) {
    int end = text.indexOf(',', from);
    return end < 0 ? text.substring(from) : text.substring(from, end);
  }

  /** The value of {@code <name>=<value>}, which is not empty. */
  private static Optional<String> attribute(char name, String text) {
    return text.length() > 2 && text.charAt(0) == name && text.charAt(1) == '='
        ? Optional.of(text.substring(2))
        : Optional.empty();
  }

  /** {@code saslname}: {@code =2C} for a comma, {@code =3D} for an equals sign, no other =. */
  private static Optional<String> saslname(String text) {
    StringBuilder name = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\0') {
        return Optional.empty();
      } else if (c != '=') {
        name.append(c);
      } else if (text.startsWith("=2C", i)) {
        name.append(',');
        i += 2;
      } else if (text.startsWith("=3D", i)) {
        name.append('=');
        i += 2;
      } else {
        return Optional.empty();
      }
    }
    return name.isEmpty() ? Optional.empty() : Optional.of(name.toString());
  }

  private static boolean printable(String nonce) {
    return nonce.chars().allMatch(c -> c > ' ' && c < 127 && c != ',');
  }

  private static Optional<byte[]> base64(String text) {
    try {
      return Optional.of(Base64.getDecoder().decode(text));
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
  }
}
