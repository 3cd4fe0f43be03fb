package hikyaku.server.ops;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.Rights;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.view.Added;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.StoredMessage;
import hikyaku.protocol.mime.Envelope;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.sharing.Access;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** Mailboxes: looking into them, and messages in and out. */
public final class MailboxOperations implements AdminApi.Group {
  /** Messages that one page lists. */
  private static final int PAGE = 500;

  private final Directory directory;
  private final MailStore mail;
  private final Access access;

  public MailboxOperations(Directory directory, MailStore mail) {
    this.directory = directory;
    this.mail = mail;
    this.access = new Access(directory, mail);
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "accounts/*/mailboxes", this::list);
    table.add("GET", "accounts/*/mailboxes/*", guarded(this::inspect));
    table.add("PUT", "accounts/*/mailboxes/*", guarded(this::create));
    table.add("GET", "accounts/*/mailboxes/*/rights", guarded(this::rights));
    table.add("PUT", "accounts/*/mailboxes/*/rights/*", guarded(this::setRights));
    table.add("GET", "accounts/*/mailboxes/*/messages", guarded(this::messages));
    table.add("POST", "accounts/*/mailboxes/*/messages", guarded(this::append));
    table.add("GET", "accounts/*/mailboxes/*/messages/*", guarded(this::message));
  }

  private static AdminApi.Operation guarded(AdminApi.Operation operation) {
    return request -> {
      try {
        return operation.run(request);
      } catch (MailboxException e) {
        int status =
            switch (e) {
              case MailboxException.Nonexistent _, MailboxException.Gone _ -> 404;
              default -> 409;
            };
        throw new AdminException(status, e.getMessage() + ": " + request.part(3));
      }
    };
  }

  private Account owner(AdminRequest request) throws AdminException {
    Address address = DomainOperations.address(request.part(1));
    return directory
        .accountByAddress(address)
        .orElseThrow(() -> AdminException.notFound("there is no account " + address));
  }

  private AccountMail account(AdminRequest request) throws AdminException {
    return mail.account(owner(request).id());
  }

  /** Who may do what with a mailbox, the owner first. */
  private AdminResponse rights(AdminRequest request) throws AdminException {
    Account owner = owner(request);
    FolderTree tree = mail.account(owner.id()).tree();
    Folder folder = tree.folder(request.part(3)).orElseThrow(MailboxException.Nonexistent::new);
    return AdminResponse.ok(
        access.list(owner, tree, folder).entrySet().stream()
            .map(entry -> new RightsView(entry.getKey(), entry.getValue()))
            .toList());
  }

  /**
   * Says what somebody may do with a mailbox: {@code rights}, by their letters; none for nothing.
   */
  private AdminResponse setRights(AdminRequest request) throws AdminException {
    Account owner = owner(request);
    String who = request.part(5);
    String identifier =
        access
            .identifier(who, owner.primary().domain())
            .orElseThrow(() -> AdminException.notFound("there is nobody named " + who));
    String letters = request.parameter("rights").orElse("");
    Rights rights =
        Rights.parse(letters)
            .orElseThrow(() ->
                AdminException.badRequest("rights are letters of lrswipkxteacd, not " + letters));
    access.grant(owner, request.part(3), identifier, _ -> rights, Attempt.ONLY);
    return AdminResponse.done();
  }

  private AdminResponse list(AdminRequest request) throws AdminException {
    AccountMail account = account(request);
    List<MailboxView> views = new ArrayList<>();
    for (Folder folder : account.tree().folders()) {
      views.add(MailboxView.of(folder, account.mailbox(folder).refresh()));
    }
    return AdminResponse.ok(views);
  }

  /** Makes the mailbox if it is not there. */
  private AdminResponse create(AdminRequest request) throws AdminException {
    AccountMail account = account(request);
    String name = request.part(3);
    if (account.tree().folder(name).isEmpty()) {
      account.create(name, Set.of(), Attempt.ONLY);
      account.subscribe(name, Attempt.ONLY);
    }
    return AdminResponse.done();
  }

  private AdminResponse inspect(AdminRequest request) throws AdminException {
    AccountMail account = account(request);
    Mailbox mailbox = account.mailbox(request.part(3));
    MailboxState state = mailbox.refresh();
    int newest = (int) Math.min(PAGE, request.number("newest", 20));
    int[] indexes = IntStream.range(Math.max(0, state.size() - newest), state.size()).toArray();
    return AdminResponse.ok(
        new Inspection(
            request.part(3),
            mailbox.log().value(),
            state.seq(),
            state.uidValidity(),
            state.uidNext(),
            state.size(),
            state.unseen(),
            state.deleted(),
            state.octets(),
            state.keywords(),
            read(mailbox, state, indexes)));
  }

  private AdminResponse messages(AdminRequest request) throws AdminException {
    Mailbox mailbox = account(request).mailbox(request.part(3));
    MailboxState state = mailbox.refresh();
    int first = state.countBelow(request.number("after", 0) + 1);
    int[] indexes = IntStream.range(first, Math.min(state.size(), first + PAGE)).toArray();
    return AdminResponse.ok(read(mailbox, state, indexes));
  }

  private static List<MessageView> read(Mailbox mailbox, MailboxState state, int[] indexes) {
    List<MessageView> views = new ArrayList<>();
    try {
      mailbox
          .messages()
          .read(
              state,
              indexes,
              (index, stored) -> views.add(MessageView.of(stored, state.flags(index))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return views;
  }

  private AdminResponse message(AdminRequest request) throws AdminException {
    Mailbox mailbox = account(request).mailbox(request.part(3));
    MailboxState state = mailbox.refresh();
    long uid = uid(request.part(5));
    int index = state.indexOf(uid);
    Optional<StoredMessage> stored =
        index < 0 ? Optional.empty() : mailbox.messages().read(state, index);
    NewMessage message =
        stored
            .orElseThrow(() -> AdminException.notFound("there is no message of UID " + uid))
            .message();
    return new AdminResponse.Octets(
        "message/rfc822",
        message.octets(),
        out -> {
          try (MessageContent content = mailbox.messages().open(message)) {
            content.copy(0, content.size(), out::write);
          }
        });
  }

  private static long uid(String text) throws AdminException {
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      throw AdminException.badRequest("\"" + text + "\" is no UID");
    }
  }

  /**
   * Takes a message in as it is, but for parts that hold NUL, which are encoded.
   *
   * <p>Parameters: {@code date} in ISO 8601 with an offset, {@code flags} with commas between, and
   * {@code key}, under which a repeat changes nothing.
   */
  private AdminResponse append(AdminRequest request) throws AdminException {
    Mailbox mailbox = account(request).mailbox(request.part(3));
    Flags flags = flags(request.parameter("flags").orElse(""));
    InternalDate date = date(request);
    try (Intake intake = mail.intake()) {
      byte[] buffer = new byte[64 * 1024];
      int count;
      while ((count = request.body().read(buffer)) >= 0) {
        intake.write(buffer, 0, count);
      }
      Intake.Received came = intake.finish();
      Intake.Received received = mail.withoutNul(came).orElse(came);
      NewMessage message =
          new NewMessage(
              ByteString.EMPTY, received.blob(), date, flags, received.structure(), "import");
      Attempt attempt = request.parameter("key").map(Attempt::first).orElse(Attempt.ONLY);
      Added added = mailbox.append(List.of(message), attempt);
      return AdminResponse.created(new AddedView(added.uids().first()));
    } catch (IOException e) {
      throw AdminException.badRequest("the message did not arrive whole");
    }
  }

  private InternalDate date(AdminRequest request) throws AdminException {
    Optional<String> text = request.parameter("date");
    try {
      return InternalDate.of(
          text.map(OffsetDateTime::parse).orElseGet(() -> OffsetDateTime.now(mail.clock())));
    } catch (DateTimeException e) {
      throw AdminException.badRequest(
          "date must be as 2026-01-31T12:00:00+01:00, not \"" + text.orElse("") + "\"");
    }
  }

  private static Flags flags(String text) throws AdminException {
    int system = 0;
    List<String> keywords = new ArrayList<>();
    for (String word : text.isEmpty() ? List.<String>of() : List.of(text.split(","))) {
      Optional<SystemFlag> flag =
          java.util.Arrays.stream(SystemFlag.values())
              .filter(candidate -> candidate.wire().equalsIgnoreCase(word))
              .findFirst();
      if (flag.isPresent()) {
        system |= flag.get().bit();
      } else if (word.matches("[!#-'+-\\[^-z|}~$]+")) {
        keywords.add(word);
      } else {
        throw AdminException.badRequest("\"" + word + "\" is no flag");
      }
    }
    return Flags.of(system, keywords);
  }

  /** What somebody may do with a mailbox, by the letters of RFC 4314. */
  public record RightsView(String who, String rights) {}

  /** A mailbox in a list. */
  public record MailboxView(String name, int messages, int unseen, long octets, String specialUse) {
    static MailboxView of(Folder folder, MailboxState state) {
      return new MailboxView(
          folder.name(),
          state.size(),
          state.unseen(),
          state.octets(),
          String.join(
              " ",
              folder.specialUse().stream()
                  .map(use -> use.attribute().substring(1).toLowerCase(Locale.ROOT))
                  .sorted()
                  .toList()));
    }
  }

  /**
   * A mailbox looked into.
   *
   * @param position the last sequence of its log, which is its HIGHESTMODSEQ
   * @param newest the newest messages, in order
   */
  public record Inspection(
      String name,
      String log,
      long position,
      long uidValidity,
      long uidNext,
      int messages,
      int unseen,
      int deleted,
      long octets,
      Collection<String> keywords,
      List<MessageView> newest) {}

  /** A message in a list; from and subject are for people. */
  public record MessageView(
      long uid, String date, long octets, List<String> flags, String from, String subject) {
    static MessageView of(StoredMessage stored, Flags flags) {
      Envelope envelope = stored.message().structure().envelope();
      return new MessageView(
          stored.uid(),
          stored.message().internalDate().toOffsetDateTime().toString(),
          stored.message().octets(),
          words(flags),
          HeaderText.senders(envelope),
          HeaderText.subject(envelope));
    }

    private static List<String> words(Flags flags) {
      List<String> words = new ArrayList<>();
      for (SystemFlag flag : SystemFlag.values()) {
        if (flags.has(flag)) {
          words.add(flag.wire());
        }
      }
      words.addAll(flags.keywords());
      return words;
    }
  }

  /** Where a message was put. */
  public record AddedView(long uid) {}
}
