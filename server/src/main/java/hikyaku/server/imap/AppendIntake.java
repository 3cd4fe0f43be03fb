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
 * What a session does while a command comes in, and APPEND (RFC 9051 §6.3.12, RFC 3502): messages
 * go to their blobs while they arrive, and into the mailbox together when the command is complete.
 * One for each command; closing it gives up what did not get into a mailbox.
 */
final class AppendIntake implements CommandReader.Intake, AutoCloseable {
  private static final String COMPLETED = "APPEND completed";

  private final Session session;
  private final Attempt attempt;
  private final List<NewMessage> complete = new ArrayList<>();

  /** What the command came to on a node that had it before. */
  private Optional<Added> before = Optional.empty();

  /** REPLACE, if it is that. */
  private @Nullable Replace replace;

  private @Nullable Found target;
  private @Nullable Mailbox mailbox;
  private @Nullable Arriving arriving;
  private long octets;

  AppendIntake(Session session) {
    this.session = session;
    this.attempt = session.looking.attempt();
  }

  /** A message on its way. Remembers what the store could not do and lets the rest pass by. */
  private static final class Arriving implements OctetSink {
    final Command.AppendMessage said;
    final Intake intake;
    @Nullable StoreException failure;

    Arriving(Command.AppendMessage said, Intake intake) {
      this.said = said;
      this.intake = intake;
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
  }

  @Override
  public void proceed() throws IOException {
    session.out.proceed("Ready for the literal");
    session.connection.out().flush();
  }

  @Override
  public Decision message(CommandReader.Purpose purpose, Command.AppendMessage message, int index) {
    try {
      Reply refusal = index == 0 ? open(purpose, message) : finishArriving();
      if (refusal == null) {
        refusal = refusal(message);
      }
      if (refusal != null) {
        return new Decision.Refuse(refusal);
      }
      if (before.isPresent()) {
        return new Decision.Take((_, _, _) -> {});
      }
      octets += message.size();
      if (replace == null) {
        Quotas.check(target().place(), index + 1, octets);
      }
      Arriving next = new Arriving(message, session.server.mail.intake());
      arriving = next;
      return new Decision.Take(next);
    } catch (StoreException e) {
      return new Decision.Refuse(session.unavailable("APPEND", e));
    } catch (MailboxException e) {
      return new Decision.Refuse(Session.refusal(e));
    }
  }

  private @Nullable Reply open(CommandReader.Purpose purpose, Command.AppendMessage message) {
    if (session.state.is(CommandTable.State.NOT_AUTHENTICATED)) {
      return Reply.bad("Log in first");
    }
    Optional<Found> found = session.places.look(session.places.place(purpose.mailbox()));
    if (found.isEmpty()) {
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
        yield replace.begin(replacing, message);
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

  private @Nullable Reply refusal(Command.AppendMessage message) {
    if (message.size() == 0) {
      // RFC 3502 §6.3.11: how a client gives up a command it has begun.
      return Reply.no("An empty message is none");
    }
    if (message.size() > session.server.settings.appendLimit()) {
      return Reply.no(ResponseCode.Plain.TOOBIG, "The message is too large");
    }
    if (message.utf8() && !session.state.utf8()) {
      return Reply.bad("UTF8=ACCEPT is not enabled");
    }
    return null;
  }

  /** Completes the message that has arrived, if any; or says why it cannot be taken. */
  private @Nullable Reply finishArriving() {
    Arriving arrived = arriving;
    if (arrived == null) {
      return null;
    }
    if (arrived.failure != null) {
      throw arrived.failure;
    }
    Intake.Received received = arrived.intake.finish();
    arriving = null;
    if (received.structure().hasNul() && !arrived.said.literal8()) {
      // RFC 9051 §4.3, RFC 3516 §4.4.
      return Reply.bad("NUL in a literal, which needs literal8");
    }
    OffsetDateTime date = arrived.said.internalDate();
    complete.add(
        new NewMessage(
            ByteString.EMPTY,
            received.blob(),
            date == null
                ? InternalDate.of(session.server.mail.clock().instant(), ZoneOffset.UTC)
                : InternalDate.of(date),
            FlagRights.kept(target().rights(), Store.flags(arrived.said.flags())),
            received.structure(),
            session.id()));
    return null;
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
    return begun.finish(command, complete.getFirst());
  }

  /** The command is complete, and all its messages have come. */
  Reply execute(Command.Append command) {
    Reply refusal = finishArriving();
    if (refusal != null) {
      return refusal;
    }
    if (before.isPresent()) {
      return reply(before.get(), COMPLETED);
    }
    Mailbox target = mailbox;
    if (target == null || complete.size() != command.messages().size()) {
      throw new IllegalStateException("messages that were not taken");
    }
    Added added;
    try {
      added = target.append(complete, attempt);
    } catch (MailboxException.Gone e) {
      return Reply.no(ResponseCode.Plain.TRYCREATE, "There is no such mailbox");
    }
    session.server.metrics.appended.increment(complete.size());
    session.story().appended(complete, target().told(), added.uids());
    return reply(added, COMPLETED);
  }

  static Reply reply(Added added, String text) {
    return Reply.ok(
        new ResponseCode.AppendUid(added.uidValidity(), Numbers.numbers(added.uids())), text);
  }

  @Override
  public void close() {
    Arriving left = arriving;
    if (left != null) {
      left.intake.close();
    }
  }
}
