package hikyaku.server.smtp;

import hikyaku.protocol.smtp.ForwardPath;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.directory.Resolution;
import java.util.List;

/** An accepted RCPT. */
record Recipient(ForwardPath path, List<Resolution.Target> targets, RcptParameters parameters) {
  Recipient {
    targets = List.copyOf(targets);
  }

  boolean wantsSuccessReport() {
    return parameters.notifyOn() != null
        && parameters.notifyOn().contains(RcptParameters.Notify.SUCCESS);
  }
}
