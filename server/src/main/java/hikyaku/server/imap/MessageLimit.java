package hikyaku.server.imap;

import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many messages one command may deal with (RFC 9738). Nothing else knows: commands ask here for
 * their portion of the messages they name, those with the highest UIDs, or whether they are refused
 * because they can only be done as a whole.
 */
final class MessageLimit {
  /** There is none. */
  static final MessageLimit NONE =
      new MessageLimit(Scope.SAVING, Integer.MAX_VALUE, Integer.MAX_VALUE);

  private static final Logger log = LoggerFactory.getLogger(MessageLimit.class);

  /** What a limit holds for, as it is advertised (RFC 9738 §3). */
  enum Scope {
    /**
     * SEARCH, FETCH, STORE, COPY, MOVE, UID EXPUNGE and APPEND; and SORT and THREAD, which search.
     */
    ALL("MESSAGELIMIT"),
    /** COPY and APPEND alone. */
    SAVING("SAVELIMIT");

    private final String capability;

    Scope(String capability) {
      this.capability = capability;
    }
  }

  private final Scope scope;
  private final int advertised;
  private final int enforced;

  /**
   * @param advertised the messages that clients are told of
   * @param enforced the messages that a command may have, at least as many (RFC 9738 §4.2)
   */
  MessageLimit(Scope scope, int advertised, int enforced) {
    this.scope = scope;
    this.advertised = advertised;
    this.enforced = enforced;
  }

  static MessageLimit of(ImapSettings settings) {
    Scope scope = settings.messageLimit() < Integer.MAX_VALUE ? Scope.ALL : Scope.SAVING;
    int advertised = Math.min(settings.messageLimit(), settings.saveLimit());
    return new MessageLimit(scope, advertised, Math.max(advertised, settings.enforcedLimit()));
  }

  /** What is advertised. */
  Optional<String> capability() {
    return advertised == Integer.MAX_VALUE
        ? Optional.empty()
        : Optional.of(scope.capability + "=" + advertised);
  }

  /** Whether commands may be cut short. */
  boolean cutsShort() {
    return scope == Scope.ALL;
  }

  /**
   * What FETCH, SEARCH and STORE deal with.
   *
   * @param named indexes of the state, rising
   */
  Portion<int[]> of(Session session, MailboxState state, int[] named) {
    if (!exceededBy(session, named.length)) {
      return Portion.whole(named);
    }
    int[] last = Arrays.copyOfRange(named, named.length - enforced, named.length);
    return new Portion<>(last, code(state.uid(last[0])));
  }

  /** What STORE, MOVE and UID EXPUNGE deal with. */
  Portion<UidSet> of(Session session, UidSet named) {
    if (!exceededBy(session, named.size())) {
      return Portion.whole(named);
    }
    UidSet last = last(named);
    return new Portion<>(last, code(last.first()));
  }

  /** Why a page, SORT or THREAD cannot be had: a part of it would be something else. */
  @Nullable Reply refusal(Session session, int messages) {
    return exceededBy(session, messages) ? tooMany(null) : null;
  }

  /** Why COPY is refused: it copies all or none (RFC 9738 §3.1). */
  @Nullable Reply refusalToCopy(Session session, UidSet named) {
    note(session, named.size());
    return named.size() > enforced ? tooMany(last(named).first()) : null;
  }

  /**
   * Why APPEND is refused, which takes all or none.
   *
   * @param begun how many messages it has by now
   */
  @Nullable Reply refusalToAppend(Session session, int begun) {
    if (begun - 1 == advertised) {
      note(session, begun);
    }
    return begun > enforced ? tooMany(null) : null;
  }

  private boolean exceededBy(Session session, long messages) {
    if (!cutsShort()) {
      return false;
    }
    note(session, messages);
    return messages > enforced;
  }

  /** RFC 9738 §4.2: by this it is known whether clients know of the limit. */
  private void note(Session session, long messages) {
    if (messages > advertised) {
      session.server.metrics.beyondLimit.increment();
      log.atDebug()
          .addKeyValue("session", session.id())
          .addKeyValue("account", session.accountName())
          .addKeyValue("messages", messages)
          .log("IMAP command beyond the advertised limit");
    }
  }

  private Reply tooMany(@Nullable Long lowestUid) {
    return Reply.no(code(lowestUid), "Too many messages for one command");
  }

  private ResponseCode.MessageLimit code(@Nullable Long lowestUid) {
    return new ResponseCode.MessageLimit(advertised, lowestUid);
  }

  /** The highest ones, as many as a command may have. */
  private UidSet last(UidSet uids) {
    long left = enforced;
    UidSet last = UidSet.EMPTY;
    for (UidSet.Range range : List.copyOf(uids.ranges()).reversed()) {
      if (left == 0) {
        break;
      }
      long first = Math.max(range.first(), range.last() - left + 1);
      last = UidSet.range(first, range.last()).union(last);
      left -= range.last() - first + 1;
    }
    return last;
  }
}
