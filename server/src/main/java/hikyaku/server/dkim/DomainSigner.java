package hikyaku.server.dkim;

import com.google.protobuf.ByteString;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.security.PrivateKey;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Signs with the keys of the author's domain, and seals with those of who sends mail on. */
public final class DomainSigner implements Signer, Sealer {
  private static final Logger LOG = LoggerFactory.getLogger(DomainSigner.class);
  private static final String SIGNED = "hikyaku.dkim.messages";
  private static final String SEALED = "hikyaku.arc.messages";

  /** What became of a message. */
  private enum Outcome {
    SIGNED,
    /** Its author's domain has no active key, or is none of ours. */
    NO_KEY,
    /** Not one From field, or a header that is too long, or of too many fields. */
    UNFIT,
    /** A key cannot be read. */
    FAILED
  }

  private final Directory directory;
  private final DkimKeys keys;
  private final InstantSource clock;
  private final MeterRegistry meters;

  public DomainSigner(
      Directory directory, DkimKeys keys, InstantSource clock, MeterRegistry meters) {
    this.directory = directory;
    this.keys = keys;
    this.clock = clock;
    this.meters = meters;
  }

  @Override
  public Signatures sign(List<Address> authors, Content message) throws IOException {
    return signEach(authors, List.of(ByteString.EMPTY), message).getFirst();
  }

  /** The message is read once, however many there are. */
  @Override
  public List<Signatures> signEach(List<Address> authors, List<ByteString> prefixes, Content common)
      throws IOException {
    List<String> domains = authors.stream().map(Address::domain).distinct().toList();
    List<DkimKeys.Signing> signing =
        domains.size() == 1
            ? ours(domains.getFirst()).map(keys::signing).orElse(List.of())
            : List.of();
    if (signing.isEmpty()) {
      return prefixes.stream().map(_ -> counted(SIGNED, Outcome.NO_KEY, Signatures.NONE)).toList();
    }
    SignedMessage signed = new SignedMessage();
    common.copyTo(signed);
    Optional<List<HeaderField>> fields = signed.fields();
    byte[] bodyHash = signed.bodyHash();
    List<Signatures> all = new ArrayList<>();
    for (ByteString prefix : prefixes) {
      all.add(sign(signing, prefix, fields, bodyHash));
    }
    return all;
  }

  private Signatures sign(
      List<DkimKeys.Signing> signing,
      ByteString prefix,
      Optional<List<HeaderField>> common,
      byte[] bodyHash) {
    if (common.isEmpty()) {
      return counted(SIGNED, Outcome.UNFIT, Signatures.NONE);
    }
    List<HeaderField> fields = new ArrayList<>(HeaderField.all(prefix.toByteArray()));
    fields.addAll(common.get());
    if (count("from", fields) != 1 || Signature.names(fields).size() > Signature.MOST_NAMES) {
      return counted(SIGNED, Outcome.UNFIT, Signatures.NONE);
    }
    return sign(signing, fields, bodyHash);
  }

  /**
   * The domain of ours that signs for this one: itself, or the nearest above it, which is how the
   * server's own name is signed for (RFC 6376 §3.5: the author may be below {@code d=}).
   */
  private Optional<String> ours(String domain) {
    String name = domain;
    while (true) {
      if (directory.domain(name).isPresent()) {
        return Optional.of(name);
      }
      int dot = name.indexOf('.');
      if (dot < 0) {
        return Optional.empty();
      }
      name = name.substring(dot + 1);
    }
  }

  private static long count(String name, List<HeaderField> fields) {
    return fields.stream().filter(field -> field.name().equals(name)).count();
  }

  private Signatures sign(
      List<DkimKeys.Signing> signing, List<HeaderField> fields, byte[] bodyHash) {
    StringBuilder out = new StringBuilder();
    List<String> by = new ArrayList<>();
    long seconds = clock.instant().getEpochSecond();
    for (DkimKeys.Signing each : signing) {
      Optional<PrivateKey> key = readable(each);
      if (key.isPresent()) {
        out.append(Signature.field(each.of(), key.get(), fields, bodyHash, seconds));
        by.add(each.of().recordName());
      }
    }
    Outcome outcome = by.size() == signing.size() ? Outcome.SIGNED : Outcome.FAILED;
    return counted(SIGNED, outcome, new Signatures(out.toString(), by));
  }

  private static Optional<PrivateKey> readable(DkimKeys.Signing signing) {
    if (signing.key().isEmpty()) {
      LOG.atError()
          .addKeyValue("key", signing.of().recordName())
          .log("A key cannot be read and does not sign: it is under another installation's key");
    }
    return signing.key();
  }

  /**
   * By RSA alone: a set has one signature, and whoever cannot verify it breaks the chain for all
   * behind.
   */
  @Override
  public Signatures seal(String domain, Arrival arrival, Content message) throws IOException {
    Optional<DkimKeys.Signing> signing =
        ours(domain).map(keys::signing).orElse(List.of()).stream()
            .filter(each -> each.of().algorithm() == Algorithm.RSA)
            .findFirst();
    if (signing.isEmpty()) {
      return counted(SEALED, Outcome.NO_KEY, Signatures.NONE);
    }
    Optional<PrivateKey> key = readable(signing.get());
    if (key.isEmpty()) {
      return counted(SEALED, Outcome.FAILED, Signatures.NONE);
    }
    SignedMessage signed = new SignedMessage();
    message.copyTo(signed);
    Optional<List<HeaderField>> fields = signed.fields();
    if (fields.isEmpty() || Signature.names(fields.get()).size() > Signature.MOST_NAMES) {
      return counted(SEALED, Outcome.UNFIT, Signatures.NONE);
    }
    DkimKey by = signing.get().of();
    long seconds = clock.instant().getEpochSecond();
    String set = Signature.arcSet(arrival, by, key.get(), fields.get(), signed.bodyHash(), seconds);
    return counted(SEALED, Outcome.SIGNED, new Signatures(set, List.of(by.recordName())));
  }

  private Signatures counted(String what, Outcome outcome, Signatures signatures) {
    meters.counter(what, "outcome", outcome.name().toLowerCase(Locale.ROOT)).increment();
    return signatures;
  }
}
