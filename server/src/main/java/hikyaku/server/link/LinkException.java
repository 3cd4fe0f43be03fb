package hikyaku.server.link;

import java.io.IOException;

/** The peer does not keep to the link's rules, or cannot prove who it is. */
public final class LinkException extends IOException {
  public LinkException(String message) {
    super(message);
  }
}
