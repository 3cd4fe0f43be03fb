package hikyaku.server.origin;

import hikyaku.protocol.mime.BodyHash;
import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.server.dns.DnsException;
import hikyaku.server.origin.ResultsField.Method;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The DKIM signatures of a message (RFC 6376 §6), each for itself. */
final class DkimCheck {
  static final String FIELD = "DKIM-Signature";

  /** Characters of a signature that tell it from others (RFC 6008). */
  private static final int SIGNATURE_TOLD = 8;

  private final HeaderFields head;
  private final List<Attempt> attempts = new ArrayList<>();

  /**
   * One signature on its way.
   *
   * @param bad why it is none; then there is nothing else
   */
  private record Attempt(
      @Nullable MailSignature signature,
      @Nullable BodyHash body,
      Questions.@Nullable Answer<List<String>> key,
      String bad) {}

  /** The body in the forms that signatures want, each once. */
  static final class Bodies {
    private record Form(boolean relaxed, long limit) {}

    private final java.util.Map<Form, BodyHash> hashes = new java.util.HashMap<>();
    private final java.util.Map<BodyHash, byte[]> finished = new java.util.IdentityHashMap<>();

    BodyHash of(MailSignature signature) {
      return hashes.computeIfAbsent(
          new Form(signature.relaxedBody(), signature.length()),
          form -> new BodyHash(form.relaxed, form.limit));
    }

    void write(byte[] octets, int offset, int length) {
      hashes.values().forEach(hash -> hash.write(octets, offset, length));
    }

    byte[] finish(BodyHash hash) {
      return finished.computeIfAbsent(hash, BodyHash::finish);
    }
  }

  /** Reads the signatures, and has their keys asked for. */
  DkimCheck(HeaderFields head, int most, Instant now, Bodies bodies, Questions questions) {
    this.head = head;
    for (HeaderField field : head.named(FIELD).stream().limit(most).toList()) {
      try {
        MailSignature signature = MailSignature.dkim(field, TagList.parse(field.value()), now);
        attempts.add(new Attempt(signature, bodies.of(signature), keys(signature, questions), ""));
      } catch (BadRecordException e) {
        attempts.add(new Attempt(null, null, null, e.why()));
      }
    }
  }

  static Questions.Answer<List<String>> keys(MailSignature signature, Questions questions) {
    return keys(signature.selector(), signature.domain(), questions);
  }

  static Questions.Answer<List<String>> keys(String selector, String domain, Questions questions) {
    String name = selector + "._domainkey." + domain;
    return questions.start(dns -> dns.txt(name).orElse(List.of()));
  }

  /** The domains that say to have signed it. */
  List<String> domains() {
    return attempts.stream()
        .map(Attempt::signature)
        .flatMap(signature -> Optional.ofNullable(signature).stream())
        .map(MailSignature::domain)
        .distinct()
        .toList();
  }

  /**
   * What came of it.
   *
   * @param passed the domains whose signatures hold, and cover all that says whom it is from
   * @param unsure the domains whose keys could not be had now
   * @param signatures those that say whose they are, in the order of the message
   */
  record Results(
      List<Method> methods,
      List<String> passed,
      List<String> unsure,
      List<Judged.Signature> signatures) {}

  Results finish(Bodies bodies) {
    List<Method> methods = new ArrayList<>();
    List<String> passed = new ArrayList<>();
    List<String> unsure = new ArrayList<>();
    List<Judged.Signature> signatures = new ArrayList<>();
    for (Attempt attempt : attempts) {
      MailSignature signature = attempt.signature;
      BodyHash body = attempt.body;
      Questions.Answer<List<String>> key = attempt.key;
      if (signature == null || body == null || key == null) {
        methods.add(
            Method.of("dkim", attempt.bad.equals("expired") ? "fail" : "permerror", attempt.bad));
        continue;
      }
      String result;
      String comment = "";
      try {
        comment = verify(head, signature, bodies.finish(body), key.get());
        result = comment.isEmpty() ? "pass" : "fail";
        if (comment.isEmpty() && signature.length() < body.length()) {
          // Whoever passed it on may have added what readers see instead (RFC 6376 §8.2).
          result = "policy";
          comment = "only part of the body is signed";
        }
      } catch (DnsException e) {
        result = "temperror";
        comment = "no answer from DNS";
        unsure.add(signature.domain());
      } catch (BadRecordException e) {
        result = "permerror";
        comment = e.why();
      }
      if (result.equals("pass") && signature.coversAuthors(head)) {
        passed.add(signature.domain());
      }
      methods.add(told(signature, result, comment));
      signatures.add(new Judged.Signature(signature.domain(), signature.selector(), result));
    }
    if (methods.isEmpty()) {
      methods.add(Method.of("dkim", "none", ""));
    }
    return new Results(methods, passed, unsure, signatures);
  }

  private static Method told(MailSignature signature, String result, String comment) {
    String b = Base64.getEncoder().encodeToString(signature.signature().octets());
    return Method.of(
        "dkim",
        result,
        comment,
        "header.d",
        signature.domain(),
        "header.s",
        signature.selector(),
        "header.a",
        signature.algorithm().tag(),
        "header.b",
        b.substring(0, Math.min(SIGNATURE_TOLD, b.length())));
  }

  /**
   * Why a signature does not hold; empty if it does.
   *
   * @param texts at the name of its key
   * @throws BadRecordException if there is no key for it
   */
  static String verify(
      HeaderFields head, MailSignature signature, byte[] bodyHash, List<String> texts)
      throws BadRecordException {
    DkimKey key = DkimKey.of(texts, signature.algorithm());
    if (key.sameDomain() && !signature.sameDomain()) {
      throw new BadRecordException("a key that is not for this identity");
    }
    if (!Arrays.equals(bodyHash, signature.bodyHash().octets())) {
      return "the body has changed";
    }
    byte[] covered =
        SignedField.covered(head, signature.names(), signature.field(), signature.relaxedHeader());
    return signature.algorithm().verifies(key.key(), covered, signature.signature().octets())
        ? ""
        : "the header has changed";
  }
}
