package hikyaku.server.filter;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.SpecialUse;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.sieve.DeliveryTerms;
import hikyaku.protocol.sieve.ExternalList;
import hikyaku.protocol.sieve.ScannerFields;
import hikyaku.protocol.sieve.Script;
import hikyaku.protocol.sieve.SieveException;
import hikyaku.protocol.sieve.Surroundings;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Resolution;
import java.time.Instant;
import java.time.ZoneId;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a run at delivery can ask; it has all of it as of one moment. Used by one thread. */
final class Around implements Surroundings {
  private final Filter filter;
  private final Account account;
  private final Envelope envelope;
  private @Nullable FolderTree tree;
  private @Nullable Memory memory;

  Around(Filter filter, Account account, Envelope envelope) {
    this.filter = filter;
    this.account = account;
    this.envelope = envelope;
  }

  private MailStore mail() {
    return filter.mail();
  }

  private Directory directory() {
    return filter.directory();
  }

  private FolderTree tree() {
    FolderTree known = tree;
    if (known == null) {
      known = mail().account(account.id()).tree();
      tree = known;
    }
    return known;
  }

  private Memory memory() {
    Memory known = memory;
    if (known == null) {
      known = filter.memories().memory(account.id());
      memory = known;
    }
    return known;
  }

  @Override
  public Instant now() {
    return mail().clock().instant();
  }

  @Override
  public ZoneId zone() {
    return ZoneId.systemDefault();
  }

  @Override
  public String separators() {
    return directory()
        .domain(account.primary().domain())
        .map(domain -> domain.settings().separators())
        .orElse("");
  }

  @Override
  public boolean mailboxExists(String name) {
    return tree().folder(name).isPresent();
  }

  @Override
  public boolean mailboxIdExists(String id) {
    return new Places(mail()).withId(account, id).isPresent();
  }

  @Override
  public boolean hasSpecialUse(@Nullable String mailbox, String use) {
    Optional<SpecialUse> known = SpecialUse.of(use);
    if (known.isEmpty()) {
      return false;
    }
    Optional<Folder> with = tree().with(known.get());
    if (mailbox == null) {
      return with.isPresent();
    }
    return tree()
        .folder(mailbox)
        .filter(folder -> folder.specialUse().contains(known.get()))
        .isPresent();
  }

  @Override
  public Optional<String> annotation(@Nullable String mailbox, String entry) {
    FolderTree tree = tree();
    NavigableMap<String, ByteString> all =
        mailbox == null
            ? tree.annotations()
            : tree.folder(mailbox).map(tree::ownAnnotations).orElseGet(TreeMap::new);
    return Optional.ofNullable(all.get(entry)).map(ByteString::toStringUtf8);
  }

  @Override
  public MailAddress own() {
    return new MailAddress(account.primary().localPart(), account.primary().domain());
  }

  @Override
  public boolean isOwn(MailAddress address) {
    return Address.of(address)
                .flatMap(
                    each -> directory().domain(each.domain()).map(_ -> directory().resolve(each)))
                .orElse(null)
            instanceof Resolution.Local local
        && local.targets().size() == 1
        && local.elsewhere().isEmpty()
        && local.lists().isEmpty()
        && local.targets().getFirst().account().id().equals(account.id());
  }

  @Override
  public boolean seenBefore(String handle, String id) {
    return memory().until(Memory.seen(handle, id), now(), envelope.key()).isPresent();
  }

  @Override
  public Optional<Script> included(String name, boolean global) throws SieveException {
    return filter.included(global ? ScriptBook.FOR_ALL : account.id(), name);
  }

  @Override
  public Optional<ExternalList> list(String name) {
    return AddressLists.of(directory(), tree(), account, name);
  }

  @Override
  public DeliveryTerms terms() {
    return envelope.terms();
  }

  @Override
  public ScannerFields scanned() {
    return filter.settings().scanned();
  }

  @Override
  public Optional<String> environment(String item) {
    return Optional.ofNullable(envelope.facts().get(item));
  }
}
