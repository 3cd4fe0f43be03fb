package hikyaku.server.filter;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.SpecialUse;
import hikyaku.protocol.sieve.Surroundings;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Directory;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a run at delivery can ask. */
record Around(MailStore mail, Directory directory, Account account, Map<String, String> facts)
    implements Surroundings {
  @Override
  public Instant now() {
    return mail.clock().instant();
  }

  @Override
  public ZoneId zone() {
    return ZoneId.systemDefault();
  }

  @Override
  public String separators() {
    return directory
        .domain(account.primary().domain())
        .map(domain -> domain.settings().separators())
        .orElse("");
  }

  @Override
  public boolean mailboxExists(String name) {
    return mail.account(account.id()).tree().folder(name).isPresent();
  }

  @Override
  public boolean hasSpecialUse(@Nullable String mailbox, String use) {
    Optional<SpecialUse> known = SpecialUse.of(use);
    if (known.isEmpty()) {
      return false;
    }
    Optional<Folder> with = mail.account(account.id()).tree().with(known.get());
    if (mailbox == null) {
      return with.isPresent();
    }
    return mail.account(account.id())
        .tree()
        .folder(mailbox)
        .filter(folder -> folder.specialUse().contains(known.get()))
        .isPresent();
  }

  @Override
  public Optional<String> environment(String item) {
    return Optional.ofNullable(facts.get(item));
  }
}
