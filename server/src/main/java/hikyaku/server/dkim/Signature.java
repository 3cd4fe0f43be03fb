package hikyaku.server.dkim;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.protobuf.ByteString;
import java.security.PrivateKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A DKIM-Signature field (RFC 6376 §3.5), and the fields of a set of ARC (RFC 8617 §4.1), relaxed
 * in header and body.
 */
final class Signature {

  /** Characters of a line that is not to be broken on its way. */
  private static final int LINE = 76;

  /**
   * Signed once more than they stand there, so that nobody can add one: what a reader sees of a
   * message, and what says whom it is from (RFC 6376 §5.4.2, §8.15).
   */
  private static final Set<String> NEVER_ADDED =
      Set.of("from", "reply-to", "subject", "date", "to", "cc", "message-id");

  /**
   * Signed once more if they stand there: a second one would change what the message says, and
   * where there is none, a server on the way may rightly put one in.
   */
  private static final Set<String> NEVER_DOUBLED =
      Set.of(
          "sender",
          "in-reply-to",
          "references",
          "mime-version",
          "content-type",
          "content-transfer-encoding",
          "content-disposition");

  /** Signed as they stand there (RFC 6376 §5.4.1, RFC 8058 §4). */
  private static final Set<String> AS_THEY_ARE =
      Set.of(
          "resent-date",
          "resent-from",
          "resent-to",
          "resent-cc",
          "list-id",
          "list-help",
          "list-unsubscribe",
          "list-unsubscribe-post",
          "list-subscribe",
          "list-post",
          "list-owner",
          "list-archive");

  private static final List<String> ORDER =
      List.of("from", "reply-to", "subject", "date", "to", "cc", "message-id");

  /** Fields that a signature may name; with more of them it would be longer than the letter. */
  static final int MOST_NAMES = 200;

  private Signature() {}

  /** The names of the fields to be signed, each as often as it is to be. */
  static List<String> names(List<HeaderField> fields) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    ORDER.forEach(name -> counts.put(name, 0));
    for (HeaderField field : fields) {
      String name = field.name();
      if (NEVER_ADDED.contains(name)
          || NEVER_DOUBLED.contains(name)
          || AS_THEY_ARE.contains(name)) {
        counts.merge(name, 1, Integer::sum);
      }
    }
    List<String> names = new ArrayList<>();
    counts.forEach((name, count) -> {
      int times = AS_THEY_ARE.contains(name) ? count : count + 1;
      for (int i = 0; i < times; i++) {
        names.add(name);
      }
    });
    return names;
  }

  /**
   * What is signed: the fields that are named, the last of a name first, and the signature without
   * its value (RFC 6376 §3.7, §5.4.2). A name that no field is left for stands for none.
   *
   * @param signature with an empty {@code b=}
   */
  static byte[] input(List<HeaderField> fields, List<String> names, HeaderField signature) {
    Map<String, List<HeaderField>> left = new HashMap<>();
    for (HeaderField field : fields) {
      left.computeIfAbsent(field.name(), _ -> new ArrayList<>()).add(field);
    }
    StringBuilder out = new StringBuilder();
    for (String name : names) {
      List<HeaderField> of = left.get(name);
      if (of != null && !of.isEmpty()) {
        out.append(of.removeLast().relaxed()).append("\r\n");
      }
    }
    out.append(signature.relaxed());
    return out.toString().getBytes(ISO_8859_1);
  }

  /**
   * The field, with its CRLF.
   *
   * @param seconds since 1970
   */
  static String field(
      DkimKey of, PrivateKey key, List<HeaderField> fields, byte[] bodyHash, long seconds) {
    return field("DKIM-Signature", "v=1", of, key, fields, names(fields), bodyHash, seconds);
  }

  /**
   * The three fields of a set of ARC, newest first, each with its CRLF: what was found, the message
   * as it goes on, and the seal over those and all sets before (RFC 8617 §5.1). Of a chain that is
   * broken a seal covers its own set alone (§5.1.2).
   *
   * @param seconds since 1970
   */
  static String arcSet(
      Sealer.Arrival arrival,
      DkimKey of,
      PrivateKey key,
      List<HeaderField> fields,
      byte[] bodyHash,
      long seconds) {
    String instance = "i=" + arrival.instance();
    String results = " " + instance + "; " + arrival.results();
    List<String> names = new ArrayList<>(names(fields));
    // RFC 8617 §4.1.2: signatures that there are should be covered, and seals must not.
    fields.stream().map(HeaderField::name).filter("dkim-signature"::equals).forEach(names::add);
    String name = "ARC-Message-Signature";
    String message = field(name, instance, of, key, fields, names, bodyHash, seconds);
    String seal =
        " %s; a=%s; cv=%s;\r\n\td=%s;\r\n\ts=%s; t=%d;\r\n\tb="
            .formatted(
                instance,
                of.algorithm().tag(),
                arrival.validation().name().toLowerCase(Locale.ROOT),
                of.domain(),
                of.selector(),
                seconds);
    ByteString before =
        arrival.validation() == Sealer.Validation.PASS ? arrival.before() : ByteString.EMPTY;
    String own =
        new HeaderField("arc-authentication-results", results).relaxed()
            + "\r\n"
            + HeaderField.all(message.getBytes(ISO_8859_1)).getFirst().relaxed()
            + "\r\n"
            + new HeaderField("arc-seal", seal).relaxed();
    byte[] covered = before.concat(ByteString.copyFrom(own, ISO_8859_1)).toByteArray();
    return "ARC-Seal:"
        + seal
        + folded(of.algorithm().sign(key, covered))
        + "\r\n"
        + message
        + "ARC-Authentication-Results:"
        + results
        + "\r\n";
  }

  /**
   * @param first the tag that stands before all others
   */
  private static String field(
      String name,
      String first,
      DkimKey of,
      PrivateKey key,
      List<HeaderField> fields,
      List<String> names,
      byte[] bodyHash,
      long seconds) {
    StringBuilder value = new StringBuilder();
    value.append(' ').append(first).append("; a=").append(of.algorithm().tag());
    value.append("; c=relaxed/relaxed;");
    value.append("\r\n\td=").append(of.domain()).append(';');
    value.append("\r\n\ts=").append(of.selector()).append("; t=").append(seconds).append(';');
    value.append("\r\n\t").append(folded("h=", names)).append(';');
    value.append("\r\n\tbh=").append(Base64.getEncoder().encodeToString(bodyHash)).append(';');
    value.append("\r\n\tb=");
    HeaderField unsigned = new HeaderField(name.toLowerCase(Locale.ROOT), value.toString());
    ByteString signed = of.algorithm().sign(key, input(fields, names, unsigned));
    return name + ":" + value + folded(signed) + "\r\n";
  }

  /** Names with colons between; a line ends behind a colon only. */
  private static String folded(String tag, List<String> names) {
    StringBuilder out = new StringBuilder(tag);
    int column = 1 + tag.length();
    for (int i = 0; i < names.size(); i++) {
      String next = names.get(i) + (i + 1 < names.size() ? ":" : "");
      if (column + next.length() > LINE) {
        out.append("\r\n\t ");
        column = 2;
      }
      out.append(next);
      column += next.length();
    }
    return out.toString();
  }

  private static String folded(ByteString signature) {
    String text = Base64.getEncoder().encodeToString(signature.toByteArray());
    StringBuilder out = new StringBuilder();
    for (int from = 0; from < text.length(); from += LINE - 4) {
      out.append(from == 0 ? "" : "\r\n\t ");
      out.append(text, from, Math.min(text.length(), from + LINE - 4));
    }
    return out.toString();
  }
}
