package hikyaku.server.smtp;

import hikyaku.protocol.smtp.ForwardPath;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.directory.Resolution;
import java.util.List;
import java.util.Optional;

/**
 * An accepted RCPT.
 *
 * @param targets the accounts that it leads to
 * @param forwarded addresses of other services that it leads to as well, being an alias
 * @param lists mailing lists that it is, or leads to
 * @param onward whom another server has: the path itself, or who is behind a return path
 */
record Recipient(
    ForwardPath path,
    List<Resolution.Target> targets,
    List<Mailbox> forwarded,
    List<Resolution.Listed> lists,
    RcptParameters parameters,
    Optional<Mailbox> onward) {
  /** One here. */
  static Recipient here(
      ForwardPath path,
      List<Resolution.Target> targets,
      List<Mailbox> forwarded,
      List<Resolution.Listed> lists,
      RcptParameters parameters) {
    return new Recipient(path, targets, forwarded, lists, parameters, Optional.empty());
  }

  /** One that another server has. */
  static Recipient elsewhere(ForwardPath path, Mailbox onward, RcptParameters parameters) {
    return new Recipient(path, List.of(), List.of(), List.of(), parameters, Optional.of(onward));
  }

  Recipient {
    targets = List.copyOf(targets);
    forwarded = List.copyOf(forwarded);
    lists = List.copyOf(lists);
  }

  /** Whether another server has it, and no alias here. */
  boolean isElsewhere() {
    return onward.isPresent();
  }

  boolean wantsSuccessReport() {
    return parameters.notifyOn() != null
        && parameters.notifyOn().contains(RcptParameters.Notify.SUCCESS);
  }
}
