package hikyaku.server.probe;

import java.io.IOException;

/** A probe cannot go on. */
sealed class ProbeException extends IOException {
  private ProbeException(String message) {
    super(message);
  }

  /** The node did not do what it should. */
  static final class Failed extends ProbeException {
    Failed(String why) {
      super(why);
    }
  }

  /** The node is leaving, or its link is gone: that is known by other ways. */
  static final class Inconclusive extends ProbeException {
    Inconclusive(String why) {
      super(why);
    }
  }
}
