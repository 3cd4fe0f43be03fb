package hikyaku.server.imap;

import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.NumberSet;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.imap.SequenceSet;
import java.util.stream.IntStream;

/**
 * The messages that a command names, as far as they are still there.
 *
 * @param indexes in the view's state, rising
 * @param ghosts whether some of them are gone already, which the client cannot know yet
 */
record Targets(int[] indexes, boolean ghosts) {
  /** A set names what the client cannot have, or too much: the command is refused as it is. */
  static final class Invalid extends Exception {
    private final Reply reply;

    Invalid(Reply reply) {
      super(reply.text(), null, false, false);
      this.reply = reply;
    }

    Reply reply() {
      return reply;
    }
  }

  /** To who has said that it knows UIDs only, and names a message number (RFC 9586 §3). */
  static Reply uidRequired() {
    return Reply.bad(ResponseCode.Plain.UIDREQUIRED, "Message numbers are not in use");
  }

  /**
   * @throws Invalid if a message number is named that is above the number of messages, {@code *} in
   *     an empty mailbox included (RFC 9051 §9, seq-number)
   */
  static Targets resolve(Session session, boolean uid, SequenceSet messages) throws Invalid {
    View view = session.state.inMailbox().view;
    return switch (messages) {
      case SequenceSet.Saved _ -> ofUids(view, session.state.saved());
      case SequenceSet.Ranges ranges when uid -> ofUids(view, uids(view, ranges));
      case SequenceSet.Ranges ranges -> ofNumbers(view, numbers(view, ranges));
    };
  }

  /**
   * The UIDs of the messages that a command names, of those as well that are gone already.
   *
   * @throws Invalid as {@link #resolve}
   */
  static UidSet known(Session session, boolean uid, SequenceSet messages) throws Invalid {
    View view = session.state.inMailbox().view;
    return switch (messages) {
      case SequenceSet.Saved _ -> view.known(session.state.saved());
      case SequenceSet.Ranges ranges when uid -> view.known(uids(view, ranges));
      case SequenceSet.Ranges ranges -> {
        UidSet.Builder uids = new UidSet.Builder();
        numbers(view, ranges).stream().forEach(number -> uids.add(view.uid((int) number)));
        yield uids.build();
      }
    };
  }

  /** UIDs meant by a set in a UID command. */
  static UidSet uids(View view, SequenceSet.Ranges ranges) {
    long last = view.size() == 0 ? 0 : view.uid(view.size());
    return Numbers.uids(ranges.resolve(last));
  }

  /**
   * Message numbers meant by a search. It finds what is there of them: numbers above that of the
   * messages are no error (RFC 7377 §2), though they are one to FETCH, STORE and COPY.
   *
   * @throws Invalid to who knows UIDs only
   */
  static NumberSet searched(Session session, SequenceSet.Ranges ranges) throws Invalid {
    if (session.state.has(SessionState.Extension.UIDONLY)) {
      throw new Invalid(uidRequired());
    }
    return ranges.resolve(session.state.inMailbox().view.size());
  }

  /** Message numbers meant by a set. An empty mailbox has none, not even for {@code *}. */
  static NumberSet numbers(View view, SequenceSet.Ranges ranges) throws Invalid {
    if (ranges.largestNamed() > view.size() || (view.size() == 0 && ranges.hasStar())) {
      throw new Invalid(Reply.bad("There is no message of this number"));
    }
    return ranges.resolve(view.size());
  }

  private static Targets ofUids(View view, UidSet uids) {
    IntStream.Builder indexes = IntStream.builder();
    view.state()
        .forEachIndex(
            uids,
            index -> {
              if (view.numberAt(index) > 0) {
                indexes.add(index);
              }
            });
    return new Targets(indexes.build().toArray(), false);
  }

  private static Targets ofNumbers(View view, NumberSet numbers) {
    IntStream.Builder indexes = IntStream.builder();
    boolean[] ghosts = new boolean[1];
    numbers.stream()
        .forEach(number -> {
          int index = view.index((int) number);
          if (index < 0) {
            ghosts[0] = true;
          } else {
            indexes.add(index);
          }
        });
    return new Targets(indexes.build().toArray(), ghosts[0]);
  }

  /** The UIDs of the messages. */
  UidSet uids(View view) {
    UidSet.Builder uids = new UidSet.Builder();
    for (int index : indexes) {
      uids.add(view.state().uid(index));
    }
    return uids.build();
  }
}
