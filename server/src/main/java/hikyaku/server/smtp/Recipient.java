package hikyaku.server.smtp;

import hikyaku.protocol.smtp.ForwardPath;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.directory.Resolution;
import java.util.List;

/**
 * An accepted RCPT.
 *
 * @param targets the accounts that it leads to; none for a recipient that another server has
 */
record Recipient(ForwardPath path, List<Resolution.Target> targets, RcptParameters parameters) {
  Recipient {
    targets = List.copyOf(targets);
  }

  boolean isElsewhere() {
    return targets.isEmpty();
  }

  boolean wantsSuccessReport() {
    return parameters.notifyOn() != null
        && parameters.notifyOn().contains(RcptParameters.Notify.SUCCESS);
  }
}
