package hikyaku.server.link;

import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node's end of a link for questions alone: no session can be opened on it. */
final class AskedLink implements Link.Receiver {
  private static final Logger LOG = LoggerFactory.getLogger(AskedLink.class);

  private final LinkServer home;
  private final String asker;
  private final Link link;
  private final Answering answering;

  private AskedLink(LinkServer home, String asker, LinkChannel channel, LinkSettings settings)
      throws IOException {
    this.home = home;
    this.asker = asker;
    this.answering = new Answering(home.answerer());
    this.link = new Link(channel, asker, settings, settings.patience(), this);
  }

  static void start(LinkServer home, String asker, LinkChannel channel, LinkSettings settings)
      throws IOException {
    AskedLink made = new AskedLink(home, asker, channel, settings);
    home.add(made);
    made.link.start();
    LOG.atDebug().addKeyValue("asker", asker).log("a link for questions");
  }

  void close() {
    link.close();
  }

  @Override
  public void frame(byte type, int stream, byte[] octets, int offset, int length)
      throws LinkException {
    switch (type) {
      case Frame.ASK -> answering.asked(link, stream, octets, offset, length);
      case Frame.MORE -> answering.more(stream);
      default -> throw new LinkException("a frame of type " + type + " among questions");
    }
  }

  @Override
  public void beat(Link mine) {}

  @Override
  public void lost(String why) {
    answering.lost();
    home.gone(this);
    LOG.atDebug().addKeyValue("asker", asker).addKeyValue("cause", why).log("no more questions");
  }
}
