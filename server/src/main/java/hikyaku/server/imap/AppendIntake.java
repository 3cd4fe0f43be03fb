package hikyaku.server.imap;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.view.Added;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.CommandReader;
import hikyaku.protocol.imap.CommandReader.Decision;
import hikyaku.protocol.imap.ImapUrl;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.wire.OctetSink;
import hikyaku.server.imap.Places.Found;
import java.io.IOException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a session does while a command comes in, and APPEND (RFC 9051 §6.3.12, RFC 3502, RFC 4469):
 * messages go to their blobs while they arrive, and into the mailbox together when the command is
 * complete. One for each command; closing it gives up what did not get into a mailbox.
 */
final class AppendIntake implements CommandReader.Intake, AutoCloseable {
  private final Session session;
  private final Attempt attempt;
  private final List<Intake.Received> complete = new ArrayList<>();

  /** What the command came to on a node that had it before. */
  private Optional<Added> before = Optional.empty();

  /** REPLACE, if it is that. */
  private @Nullable Replace replace;

  private @Nullable Found target;
  private @Nullable Mailbox mailbox;
  private @Nullable Arriving arriving;

  /** Messages that have begun, and the octets of all of them. */
  private int begun;

  private long octets;

  AppendIntake(Session session) {
    this.session = session;
    this.attempt = session.looking.attempt();
  }

  /** A message on its way. Remembers what the store could not do and lets the rest pass by. */
  private static final class Arriving implements OctetSink {
    final Intake intake;
    final boolean catenated;
    @Nullable StoreException failure;

    /** What all its parts come to. */
    long size;

    /** Whether a part has NUL that must not (RFC 9051 §4.3, RFC 3516 §4.4). */
    boolean hasNul;

    Arriving(Intake intake, boolean catenated) {
      this.intake = intake;
      this.catenated = catenated;
    }

    @Override
    public void write(byte[] buffer, int offset, int length) {
      if (failure == null) {
        try {
          intake.write(buffer, offset, length);
        } catch (StoreException e) {
          failure = e;
        }
      }
    }

    void writeText(byte[] buffer, int offset, int length) {
      for (int at = offset; at < offset + length && !hasNul; at++) {
        hasNul = buffer[at] == 0;
      }
      write(buffer, offset, length);
    }
  }

  @Override
  public void proceed() throws IOException {
    session.out.proceed("Ready for the literal");
    session.connection.out().flush();
  }

  /** What may be refused before its octets come. */
  @FunctionalInterface
  private interface Step {
    @Nullable Reply run() throws IOException;
  }

  private @Nullable Reply attempt(Step step) throws IOException {
    try {
      return step.run();
    } catch (StoreException e) {
      return session.unavailable("APPEND", e);
    } catch (MailboxException e) {
      return Session.refusal(e);
    }
  }

  @Override
  public @Nullable Reply message(CommandReader.Purpose purpose, int index, boolean catenated)
      throws IOException {
    return attempt(() -> {
      Reply refusal = index == 0 ? open(purpose) : finishArriving();
      if (refusal == null && !isDone()) {
        refusal = session.server.messageLimit.refusalToAppend(session, begun + 1);
      }
      if (refusal == null) {
        begun++;
        arriving = new Arriving(session.server.mail.intake(), catenated);
      }
      return refusal;
    });
  }

  @Override
  public Decision literal(Command.AppendPart.Literal literal) throws IOException {
    if (literal.utf8() && !session.state.utf8()) {
      return new Decision.Refuse(Reply.bad("UTF8=ACCEPT is not enabled"));
    }
    Arriving here = arriving();
    if (literal.size() == 0 && !here.catenated) {
      return new Decision.Refuse(empty());
    }
    Reply refusal = attempt(() -> room(here, literal.size()));
    if (refusal != null) {
      return new Decision.Refuse(refusal);
    }
    return new Decision.Take(
        isDone() ? (_, _, _) -> {} : literal.literal8() ? here : here::writeText);
  }

  /** What was written before needs no octets, and those may be gone since then. */
  @Override
  public @Nullable Reply url(ImapUrl url) throws IOException {
    Arriving here = arriving();
    return isDone()
        ? null
        : attempt(() -> new Referred(session, url).copy(here, size -> room(here, size)));
  }

  private Arriving arriving() {
    Arriving here = arriving;
    if (here == null) {
      throw new IllegalStateException("a part of no message");
    }
    return here;
  }

  private boolean isDone() {
    Replace replacing = replace;
    return replacing == null ? before.isPresent() : replacing.isDone();
  }

  /** Refuses so many octets more of a message, or counts them. */
  private @Nullable Reply room(Arriving here, long more) {
    here.size += more;
    octets += more;
    if (here.size > session.server.settings.appendLimit()) {
      return Reply.no(ResponseCode.Plain.TOOBIG, "The message is too large");
    }
    Replace replacing = replace;
    if (isDone() || more == 0) {
      return null;
    }
    if (replacing == null) {
      Quotas.check(session, target().place(), begun, octets);
    } else {
      replacing.checkRoom(octets);
    }
    return null;
  }

  private @Nullable Reply open(CommandReader.Purpose purpose) {
    if (session.state.is(CommandTable.State.NOT_AUTHENTICATED)) {
      return Reply.bad("Log in first");
    }
    Optional<Found> found = session.places.known(purpose.mailbox()).flatMap(session.places::look);
    if (found.isEmpty() || found.get().isHiddenTarget()) {
      return Reply.no(ResponseCode.Plain.TRYCREATE, "There is no such mailbox");
    }
    Found there = found.get().with(Right.INSERT);
    Mailbox opened = there.mailbox();
    opened.refresh();
    target = there;
    mailbox = opened;
    return switch (purpose) {
      case CommandReader.Purpose.Append _ -> {
        before = opened.appended(attempt);
        yield null;
      }
      case CommandReader.Purpose.Replace replacing -> {
        replace = new Replace(session, attempt, there, opened);
        yield replace.begin(replacing);
      }
    };
  }

  /** Where messages go, once that is known. */
  private Found target() {
    Found known = target;
    if (known == null) {
      throw new IllegalStateException("a message for no mailbox");
    }
    return known;
  }

  /** Completes the message that has arrived, if any; or says why it cannot be taken. */
  private @Nullable Reply finishArriving() throws IOException {
    Arriving arrived = arriving;
    if (arrived == null) {
      return null;
    }
    if (arrived.failure != null) {
      throw arrived.failure;
    }
    if (arrived.hasNul) {
      return Reply.bad("NUL in a literal, which needs literal8");
    }
    if (arrived.size == 0 && !isDone()) {
      return empty();
    }
    arriving = null;
    Intake.Received received = arrived.intake.finish();
    Optional<Intake.Received> carried = session.server.mail.withoutNul(received);
    if (carried.isEmpty()) {
      return Reply.no(ResponseCode.Plain.UNKNOWN_CTE, "NUL where nothing can be encoded");
    }
    complete.add(carried.get());
    long more = carried.get().structure().size() - received.structure().size();
    return more > 0 ? room(arrived, more) : null;
  }

  /** RFC 3502 §6.3.11: how a client gives up a command it has begun. */
  private static Reply empty() {
    return Reply.no("An empty message is none");
  }

  private NewMessage message(Command.AppendMessage said, Intake.Received received) {
    OffsetDateTime date = said.internalDate();
    return new NewMessage(
        ByteString.EMPTY,
        received.blob(),
        date == null
            ? InternalDate.of(session.server.mail.clock().instant(), ZoneOffset.UTC)
            : InternalDate.of(date),
        FlagRights.kept(target().rights(), Store.flags(said.flags())),
        received.structure(),
        session.id());
  }

  /** The same of REPLACE. */
  Reply execute(Command.Replace command) throws IOException {
    Reply refusal = finishArriving();
    if (refusal != null) {
      return refusal;
    }
    Replace begun = replace;
    if (begun == null || complete.size() != 1) {
      throw new IllegalStateException("a message that was not taken");
    }
    return begun.finish(command, message(command.message(), complete.getFirst()));
  }

  /** The command is complete, and all its messages have come. */
  Reply execute(Command.Append command) throws IOException {
    Reply refusal = finishArriving();
    if (refusal != null) {
      return refusal;
    }
    Mailbox target = mailbox;
    if (before.isPresent()) {
      bring(target, before.get());
      return completed(command, before.get());
    }
    if (target == null || complete.size() != command.messages().size()) {
      throw new IllegalStateException("messages that were not taken");
    }
    List<NewMessage> messages = new ArrayList<>();
    for (int i = 0; i < complete.size(); i++) {
      messages.add(message(command.messages().get(i), complete.get(i)));
    }
    Added added;
    try {
      added = target.append(messages, attempt);
    } catch (MailboxException.Gone e) {
      return Reply.no(ResponseCode.Plain.TRYCREATE, "There is no such mailbox");
    }
    session.server.metrics.appended.increment(messages.size());
    session.story().appended(messages, target().told(), added.uids());
    bring(target, added);
    return completed(command, added);
  }

  private Reply completed(Command.Append command, Added added) throws IOException {
    OldName.tell(session, List.of(), target().shown(), command.mailbox());
    return reply(target(), added, "APPEND completed");
  }

  private void bring(@Nullable Mailbox target, Added added) {
    Selected selected = session.state.selected();
    if (selected != null && target != null) {
      selected.bring(target, added.uids());
    }
  }

  static Reply reply(Found there, Added added, String text) {
    return Reply.ok(
        there.tellsUids()
            ? new ResponseCode.AppendUid(added.uidValidity(), Numbers.numbers(added.uids()))
            : null,
        text);
  }

  @Override
  public void close() {
    Arriving left = arriving;
    if (left != null) {
      left.intake.close();
    }
  }
}
