package hikyaku.server.smtp;

import hikyaku.protocol.smtp.ForwardPath;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.directory.Resolution;
import java.util.List;

/**
 * An accepted RCPT.
 *
 * @param targets the accounts that it leads to
 * @param forwarded addresses of other services that it leads to as well, being an alias
 */
record Recipient(
    ForwardPath path,
    List<Resolution.Target> targets,
    List<Mailbox> forwarded,
    RcptParameters parameters) {
  Recipient {
    targets = List.copyOf(targets);
    forwarded = List.copyOf(forwarded);
  }

  /** One that another server has. */
  static Recipient elsewhere(Mailbox path, RcptParameters parameters) {
    return new Recipient(path, List.of(), List.of(), parameters);
  }

  /** Whether another server has it, and no alias here. */
  boolean isElsewhere() {
    return targets.isEmpty() && forwarded.isEmpty();
  }

  boolean wantsSuccessReport() {
    return parameters.notifyOn() != null
        && parameters.notifyOn().contains(RcptParameters.Notify.SUCCESS);
  }
}
