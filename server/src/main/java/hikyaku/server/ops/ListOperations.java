package hikyaku.server.ops;

import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.DirectoryAdmin;
import hikyaku.server.directory.DirectoryException;
import hikyaku.server.lists.AuthorField;
import hikyaku.server.lists.Decision;
import hikyaku.server.lists.ListBook;
import hikyaku.server.lists.ListDesk;
import hikyaku.server.lists.ListException;
import hikyaku.server.lists.ListKind;
import hikyaku.server.lists.MailingList;
import hikyaku.server.lists.MailingList.Waiting;
import hikyaku.server.lists.Moderation.Decided;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Mailing lists. */
public final class ListOperations implements AdminApi.Group {
  private final Directory directory;
  private final DirectoryAdmin admin;
  private final ListBook book;
  private final ListDesk desk;
  private final Predicate<String> unsignedLinks;

  /**
   * @param unsignedLinks whether lists of a domain give links for leaving, and nobody signs them
   */
  public ListOperations(
      Directory directory,
      DirectoryAdmin admin,
      ListBook book,
      ListDesk desk,
      Predicate<String> unsignedLinks) {
    this.unsignedLinks = unsignedLinks;
    this.directory = directory;
    this.admin = admin;
    this.book = book;
    this.desk = desk;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "domains/*/lists", this::lists);
    table.add("POST", "lists", this::create);
    table.add("GET", "lists/*", guarded(request -> AdminResponse.ok(view(address(request)))));
    table.add("PUT", "lists/*", guarded(this::change));
    table.add("DELETE", "lists/*", guarded(this::remove));
    table.add("PUT", "lists/*/owners/*", guarded(request -> setOwner(request, true)));
    table.add("DELETE", "lists/*/owners/*", guarded(request -> setOwner(request, false)));
    table.add("GET", "lists/*/members", guarded(this::members));
    table.add("POST", "lists/*/members", guarded(this::changeMembers));
    table.add("GET", "lists/*/waiting", guarded(this::waiting));
    table.add("POST", "lists/*/waiting/*", guarded(this::decide));
  }

  private interface Operation {
    AdminResponse answer(AdminRequest request)
        throws AdminException, DirectoryException, ListException;
  }

  private static AdminApi.Operation guarded(Operation operation) {
    return request -> {
      try {
        return operation.answer(request);
      } catch (ListException e) {
        throw AdminException.badRequest(String.valueOf(e.getMessage()));
      }
    };
  }

  private static Address address(AdminRequest request) throws AdminException {
    return DomainOperations.address(request.part(1));
  }

  private AdminResponse lists(AdminRequest request) throws AdminException {
    String domain =
        Address.canonicalDomain(request.part(1))
            .flatMap(directory::domain)
            .orElseThrow(() -> AdminException.notFound("there is no domain " + request.part(1)))
            .name();
    Address after = null;
    if (request.parameter("after").isPresent()) {
      after = DomainOperations.address(request.parameter("after").get());
    }
    List<View> views = new ArrayList<>();
    for (Address each : directory.lists(domain, after, DomainOperations.PAGE)) {
      book.list(each).ifPresent(list -> views.add(view(each, list)));
    }
    return AdminResponse.ok(views);
  }

  private View view(Address address, MailingList list) {
    return View.of(address, list, unsignedLinks.test(address.domain()));
  }

  private View view(Address address) throws ListException {
    return view(address, book.existing(address));
  }

  private AdminResponse create(AdminRequest request) throws AdminException, DirectoryException {
    New wanted = request.json(New.class);
    Address address = DomainOperations.address(wanted.address);
    List<Address> owners = new ArrayList<>();
    for (String owner : wanted.owners) {
      owners.add(DomainOperations.address(owner));
    }
    MailingList.Settings settings =
        new MailingList.Settings(
            kind(wanted.kind),
            wanted.title == null ? "" : wanted.title,
            Boolean.TRUE.equals(wanted.open),
            wanted.from == null ? AuthorField.REWRITE_IF_NEEDED : from(wanted.from));
    try {
      return AdminResponse.created(view(address, book.create(admin, address, settings, owners)));
    } catch (ListException e) {
      throw AdminException.badRequest(String.valueOf(e.getMessage()));
    }
  }

  private static ListKind kind(String word) throws AdminException {
    return ListKind.of(word)
        .orElseThrow(() ->
            AdminException.badRequest("a list is for discussion, moderated, or announcement"));
  }

  private static AuthorField from(String word) throws AdminException {
    return AuthorField.of(word)
        .orElseThrow(() -> AdminException.badRequest("from is rewrite-if-needed or keep"));
  }

  private AdminResponse change(AdminRequest request) throws AdminException, ListException {
    Address address = address(request);
    Change change = request.json(Change.class);
    MailingList.Settings before = book.existing(address).settings();
    MailingList.Settings after =
        new MailingList.Settings(
            change.kind == null ? before.kind() : kind(change.kind),
            change.title == null ? before.title() : change.title,
            change.open == null ? before.open() : change.open,
            change.from == null ? before.from() : from(change.from));
    return AdminResponse.ok(view(address, book.change(address, after)));
  }

  private AdminResponse remove(AdminRequest request)
      throws AdminException, DirectoryException, ListException {
    book.remove(admin, address(request));
    return AdminResponse.done();
  }

  private AdminResponse setOwner(AdminRequest request, boolean is)
      throws AdminException, ListException {
    Address owner = DomainOperations.address(request.part(3));
    Address address = address(request);
    return AdminResponse.ok(view(address, book.setOwner(address, owner, is)));
  }

  private AdminResponse members(AdminRequest request) throws AdminException, ListException {
    MailingList list = book.existing(address(request));
    return AdminResponse.ok(
        list.members().stream()
            .map(member ->
                new MemberView(
                    member.address().toString(),
                    member.since(),
                    member.disabled(),
                    list.bounces(member).map(MailingList.Bounces::days).orElse(0),
                    list.bounces(member).map(MailingList.Bounces::status).orElse("")))
            .toList());
  }

  /** Those before one that is refused are changed. */
  private AdminResponse changeMembers(AdminRequest request) throws AdminException, ListException {
    Address list = address(request);
    Members change = request.json(Members.class);
    List<String> changed = new ArrayList<>();
    List<String> unchanged = new ArrayList<>();
    for (String each : change.added == null ? List.<String>of() : change.added) {
      (book.add(list, DomainOperations.address(each)) ? changed : unchanged).add(each);
    }
    for (String each : change.removed == null ? List.<String>of() : change.removed) {
      (book.removeMember(list, DomainOperations.address(each)) ? changed : unchanged).add(each);
    }
    return AdminResponse.ok(new Changed(changed, unchanged));
  }

  private AdminResponse waiting(AdminRequest request) throws AdminException, ListException {
    MailingList list = book.existing(address(request));
    return AdminResponse.ok(
        list.waiting().stream().map(each -> WaitingView.of(each, list)).toList());
  }

  private AdminResponse decide(AdminRequest request) throws AdminException, ListException {
    boolean accept = request.json(Wanted.class).accept;
    Decided decided = desk.decide(address(request), request.part(3), accept);
    Decision made = decided.decision();
    if (made.accepted() != accept) {
      throw new AdminException(409, "too late: " + made.told());
    }
    return AdminResponse.ok(
        new DecidedView(
            decided.from(), decided.subject(), made.by(), made.at(), decided.now(), made.told()));
  }

  /** A list to make. */
  public record New(
      String address,
      String kind,
      @Nullable String title,
      @Nullable Boolean open,
      @Nullable String from,
      List<String> owners) {}

  /** What to change of a list; null leaves it. */
  public record Change(
      @Nullable String kind,
      @Nullable String title,
      @Nullable Boolean open,
      @Nullable String from) {}

  /** Who is to be a member, and who no longer. */
  public record Members(@Nullable List<String> added, @Nullable List<String> removed) {}

  /**
   * What came of it.
   *
   * @param unchanged who was what it was to be already
   */
  public record Changed(List<String> changed, List<String> unchanged) {}

  /** Whether a message that waits is to go out. */
  public record Wanted(boolean accept) {}

  /**
   * What was decided, as it was wanted.
   *
   * @param from the author of the message, and its subject; empty if that has gone out before
   * @param now whether it was decided now, and not by somebody before
   * @param told a sentence that says who decided it and when
   */
  public record DecidedView(
      String from, String subject, String by, Instant at, boolean now, String told) {}

  /**
   * A list as it is shown.
   *
   * @param lastPost null for never
   * @param unsignedLinks whether its links for leaving are not signed, so that none does it at one
   *     click
   */
  public record View(
      String address,
      String kind,
      String title,
      boolean open,
      String from,
      List<String> owners,
      int members,
      int disabled,
      int waiting,
      long posts,
      @Nullable Instant lastPost,
      boolean unsignedLinks) {
    static View of(Address address, MailingList list, boolean unsignedLinks) {
      return new View(
          address.toString(),
          list.settings().kind().word(),
          list.settings().title(),
          list.settings().open(),
          list.settings().from().word(),
          list.owners().stream().map(Address::toString).toList(),
          list.members().size(),
          (int) list.members().stream().filter(MailingList.Member::disabled).count(),
          list.waiting().size(),
          list.posts(),
          list.posts() == 0 ? null : list.lastPost(),
          unsignedLinks);
    }
  }

  /**
   * A member as it is shown.
   *
   * @param bounceDays on how many days mail to it came back
   * @param status the last code with which it did, or empty
   */
  public record MemberView(
      String address, Instant since, boolean disabled, int bounceDays, String status) {}

  /**
   * A message that waits for a moderator, as it is shown.
   *
   * @param decided who has let it through, if somebody has and it did not go out; else empty
   */
  public record WaitingView(
      String id,
      String sender,
      String from,
      String subject,
      long octets,
      Instant since,
      String decided) {
    static WaitingView of(Waiting waiting, MailingList list) {
      return new WaitingView(
          waiting.id(),
          waiting.sender(),
          waiting.from(),
          waiting.subject(),
          waiting.blob().size(),
          waiting.since(),
          list.decision(waiting.id()).map(Decision::told).orElse(""));
    }
  }
}
