package hikyaku.server.origin;

import com.google.protobuf.ByteString;
import hikyaku.protocol.mime.BodyHash;
import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.server.dns.DnsException;
import hikyaku.server.origin.Finding.Chain;
import hikyaku.server.origin.ResultsField.Method;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The chain of those who passed a message on and sealed what they had found (RFC 8617 §5.2). The
 * newest signature must hold and every seal; older signatures are not looked at.
 */
final class ArcCheck {
  private static final String RESULTS = "ARC-Authentication-Results";
  private static final String SIGNATURE = "ARC-Message-Signature";
  private static final String SEAL = "ARC-Seal";

  /** RFC 8617 §4.2.1. */
  private static final int MOST = 50;

  private static final Pattern INSTANCE = Pattern.compile("[1-9][0-9]?");

  /** Of a seal that may be no list of tags at all. */
  private static final Pattern BROKEN =
      Pattern.compile("(?:^|;)\\s*cv\\s*=\\s*fail\\s*(?:;|$)", Pattern.CASE_INSENSITIVE);

  private final HeaderFields head;
  private final List<Link> links = new ArrayList<>();
  private @Nullable MailSignature newest;
  private @Nullable BodyHash body;
  private Questions.@Nullable Answer<List<String>> key;
  private final int highest;
  private String broken = "";

  /** What one of them added. */
  private record Link(
      HeaderField results,
      HeaderField signature,
      HeaderField seal,
      Algorithm algorithm,
      MailSignature.Octets sealed,
      String domain,
      Questions.Answer<List<String>> key) {}

  /** Reads the chain, and has the keys asked for. */
  ArcCheck(HeaderFields head, DkimCheck.Bodies bodies, Questions questions) {
    this.head = head;
    this.highest =
        Stream.of(RESULTS, SIGNATURE, SEAL)
            .flatMap(name -> head.named(name).stream())
            .mapToInt(field -> number(field).orElse(0))
            .max()
            .orElse(0);
    try {
      read(bodies, questions);
    } catch (BadRecordException e) {
      broken = e.why();
    }
  }

  private void read(DkimCheck.Bodies bodies, Questions questions) throws BadRecordException {
    Map<Integer, HeaderField> results = numbered(RESULTS);
    Map<Integer, HeaderField> signatures = numbered(SIGNATURE);
    Map<Integer, HeaderField> seals = numbered(SEAL);
    int count = seals.size();
    for (int i = 1; i <= count; i++) {
      HeaderField result = results.get(i);
      HeaderField signature = signatures.get(i);
      HeaderField seal = seals.get(i);
      if (result == null || signature == null || seal == null) {
        throw new BadRecordException("a link is missing");
      }
      links.add(link(i, result, signature, seal, questions));
    }
    if (results.size() != count || signatures.size() != count) {
      throw new BadRecordException("a link is missing");
    }
    if (count > 0) {
      HeaderField field = links.getLast().signature;
      newest = MailSignature.arc(field, TagList.parse(field.value()));
      body = bodies.of(newest);
      key = DkimCheck.keys(newest, questions);
    }
  }

  private Map<Integer, HeaderField> numbered(String name) throws BadRecordException {
    List<HeaderField> fields = head.named(name);
    if (fields.size() > MOST) {
      throw new BadRecordException("too many links");
    }
    Map<Integer, HeaderField> byNumber = new HashMap<>();
    for (HeaderField field : fields) {
      int number =
          number(field).orElseThrow(() -> new BadRecordException("a link without its number"));
      if (byNumber.putIfAbsent(number, field) != null) {
        throw new BadRecordException("a link stands twice");
      }
    }
    return byNumber;
  }

  private static OptionalInt number(HeaderField field) {
    for (String tag : field.value().split(";", -1)) {
      int equals = tag.indexOf('=');
      if (equals > 0 && Text.trim(tag.substring(0, equals)).equals("i")) {
        String number = Text.trim(tag.substring(equals + 1));
        if (INSTANCE.matcher(number).matches()) {
          return OptionalInt.of(Integer.parseInt(number));
        }
      }
    }
    return OptionalInt.empty();
  }

  private static Link link(
      int i, HeaderField results, HeaderField signature, HeaderField seal, Questions questions)
      throws BadRecordException {
    TagList tags = TagList.parse(seal.value());
    if (!tags.need("cv").equalsIgnoreCase(i == 1 ? "none" : "pass")) {
      throw new BadRecordException("it was broken before");
    }
    if (tags.get("h") != null) {
      throw new BadRecordException("a seal that names fields");
    }
    String domain = MailSignature.domain(tags);
    return new Link(
        results,
        signature,
        seal,
        Algorithm.of(tags.need("a")),
        MailSignature.base64(tags.need("b")),
        domain,
        DkimCheck.keys(MailSignature.selector(tags), domain, questions));
  }

  /**
   * What came of it.
   *
   * @param passed the domains that sealed a chain that holds, oldest first, if its newest signature
   *     is of all authors and all of the body; else empty
   * @param first what the first of them had found
   */
  record Results(Method method, List<String> passed, String first, Chain chain) {}

  private Results results(String result, String comment) {
    return new Results(Method.of("arc", result, comment), List.of(), "", chain(result));
  }

  /**
   * RFC 8617 §5.1: a chain that its newest seal says to be broken is left alone. One that could not
   * be verified now is too: it holds for whoever comes behind us, as long as we do not say that it
   * does not.
   */
  private Chain chain(String result) {
    boolean sealable =
        highest < MOST
            && switch (result) {
              case "none", "pass" -> true;
              case "fail" -> !isSaidToBeBroken();
              default -> false;
            };
    if (!sealable) {
      return Chain.CLOSED;
    }
    ByteArrayOutputStream covered = new ByteArrayOutputStream();
    if (result.equals("pass")) {
      links.forEach(link -> {
        SignedField.write(head, link.results, true, covered);
        SignedField.write(head, link.signature, true, covered);
        SignedField.write(head, link.seal, true, covered);
      });
    }
    return new Chain(highest + 1, result, ByteString.copyFrom(covered.toByteArray()));
  }

  private boolean isSaidToBeBroken() {
    return head.named(SEAL).stream()
        .max(Comparator.comparingInt(seal -> number(seal).orElse(0)))
        .filter(newest -> BROKEN.matcher(newest.value()).find())
        .isPresent();
  }

  Results finish(DkimCheck.Bodies bodies) {
    if (!broken.isEmpty()) {
      return results("fail", broken);
    }
    MailSignature signature = newest;
    BodyHash hash = body;
    Questions.Answer<List<String>> own = key;
    if (signature == null || hash == null || own == null) {
      return results("none", "");
    }
    try {
      String why = DkimCheck.verify(head, signature, bodies.finish(hash), own.get());
      for (int i = links.size(); i > 0 && why.isEmpty(); i--) {
        why = isSealed(i) ? "" : "a seal is broken";
      }
      if (!why.isEmpty()) {
        return results("fail", why);
      }
    } catch (DnsException e) {
      return results("temperror", "no answer from DNS");
    } catch (BadRecordException e) {
      return results("fail", e.why());
    }
    List<String> domains = links.stream().map(Link::domain).toList();
    // The chain is as good as it was; but whoever has seen such a message can write another author
    // or more text into it.
    boolean whole = signature.coversAuthors(head) && signature.length() >= hash.length();
    return new Results(
        Method.of("arc", "pass", "i=" + links.size(), "header.d", domains.getLast()),
        whole ? domains : List.of(),
        links.getFirst().results.value(),
        chain("pass"));
  }

  /** A seal covers what all before it added, and its own (RFC 8617 §5.1.1). */
  private boolean isSealed(int i) throws DnsException, BadRecordException {
    ByteArrayOutputStream covered = new ByteArrayOutputStream();
    for (int before = 1; before <= i; before++) {
      Link link = links.get(before - 1);
      SignedField.write(head, link.results, true, covered);
      SignedField.write(head, link.signature, true, covered);
      if (before < i) {
        SignedField.write(head, link.seal, true, covered);
      } else {
        SignedField.writeUnsigned(head, link.seal, true, covered);
      }
    }
    Link link = links.get(i - 1);
    DkimKey with = DkimKey.of(link.key.get(), link.algorithm);
    return link.algorithm.verifies(with.key(), covered.toByteArray(), link.sealed.octets());
  }
}
