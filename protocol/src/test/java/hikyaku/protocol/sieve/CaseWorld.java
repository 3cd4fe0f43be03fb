package hikyaku.protocol.sieve;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.fixtures.SieveCases.Case;
import hikyaku.fixtures.SieveCases.Trial;
import hikyaku.protocol.address.MailAddress;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a trial of a case has around it, by what is given there. */
record CaseWorld(Case of, Trial trial) implements Surroundings {
  static final String SENDER = "sender@example.com";
  static final String RECIPIENT = "user@example.org";

  String from() {
    return trial.one("from").orElse(SENDER);
  }

  String to() {
    return trial.one("to").orElse(RECIPIENT);
  }

  @Override
  public Instant now() {
    return trial.one("now").map(Instant::parse).orElseGet(Instant::now);
  }

  @Override
  public ZoneId zone() {
    return ZoneOffset.UTC;
  }

  @Override
  public String separators() {
    return "+";
  }

  @Override
  public boolean mailboxExists(String name) {
    return name.equalsIgnoreCase("INBOX") || trial.all("mailbox").contains(name);
  }

  @Override
  public boolean hasSpecialUse(@Nullable String mailbox, String use) {
    return trial.all("special-use").stream()
        .map(each -> each.split(" ", 2))
        .anyMatch(each ->
            each[0].toLowerCase(Locale.ROOT).equals(use.toLowerCase(Locale.ROOT))
                && (mailbox == null || mailbox.equals(each[1])));
  }

  /** By "MAILBOX/ENTRY VALUE", of the server by "/ENTRY VALUE". */
  @Override
  public Optional<String> annotation(@Nullable String mailbox, String entry) {
    String wanted = (mailbox == null ? "" : mailbox) + entry;
    return trial.all("metadata").stream()
        .map(each -> each.split(" ", 2))
        .filter(each -> each[0].equals(wanted))
        .map(each -> each[1])
        .findFirst();
  }

  @Override
  public boolean mailboxIdExists(String id) {
    return trial.all("mailbox-id").contains(id);
  }

  @Override
  public MailAddress own() {
    return trial.one("own").flatMap(Addresses::parse).orElseGet(this::recipient).base('+');
  }

  private MailAddress recipient() {
    return Addresses.parse(to()).orElseThrow();
  }

  @Override
  public boolean isOwn(MailAddress address) {
    return address.base('+').toString().equalsIgnoreCase(own().toString());
  }

  /** By "ID" or "HANDLE ID". */
  @Override
  public boolean seenBefore(String handle, String id) {
    return trial.all("seen").contains((handle + " " + id).strip());
  }

  @Override
  public Optional<Script> included(String name, boolean global) throws SieveException {
    String text = of.included().get((global ? "global " : "") + name);
    return text == null
        ? Optional.empty()
        : Optional.of(Script.read(text.getBytes(UTF_8), SieveLimits.DEFAULTS));
  }

  /** By "NAME ADDRESS ADDRESS...". */
  @Override
  public Optional<ExternalList> list(String name) {
    return trial.all("list").stream()
        .map(each -> List.of(each.split(" ")))
        .filter(each -> each.getFirst().equals(name))
        .<ExternalList>map(each -> new Members(each.subList(1, each.size())))
        .findFirst();
  }

  private record Members(List<String> addresses) implements ExternalList {
    @Override
    public boolean has(MailAddress address) {
      return addresses.contains(address.toString());
    }

    @Override
    public List<MailAddress> recipients() {
      return addresses.stream().map(each -> Addresses.parse(each).orElseThrow()).toList();
    }
  }

  /** By as "SECONDS;R" or "SECONDS;N", with a T or without. */
  @Override
  public DeliveryTerms terms() {
    return new DeliveryTerms(
        trial.one("notify").flatMap(DeliveryTerms::notifyOn),
        trial.one("orcpt"),
        trial.one("ret").flatMap(DeliveryTerms::ret),
        trial.one("envid"),
        trial.one("by").flatMap(DeliveryTerms.By::parse));
  }

  @Override
  public ScannerFields scanned() {
    return new ScannerFields(
        trial.one("spam-field").orElse(""), 10, trial.one("virus-field").orElse(""));
  }

  @Override
  public Optional<String> environment(String item) {
    return trial.all("environment").stream()
        .map(each -> each.split(" ", 2))
        .filter(each -> each[0].equals(item))
        .map(each -> each.length > 1 ? each[1] : "")
        .findFirst();
  }
}
