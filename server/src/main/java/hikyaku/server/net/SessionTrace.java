package hikyaku.server.net;

import hikyaku.protocol.wire.WireReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a session tells those who trace it. Always in place, so that what must be hidden is known
 * also when a trace is switched on later. Owned by the session's thread.
 */
final class SessionTrace implements WireReader.Tap {
  private static final Logger LOG = LoggerFactory.getLogger(SessionTrace.class);

  /** Octets of a line that are shown; a longer one is cut. */
  private static final int SHOWN = 1000;

  private final String sessionId;
  private final Redaction redaction;
  private List<Traces.Following> followers = List.of();
  private boolean inputHidden;
  private @Nullable StringBuilder outputLine;
  private long outputHidden;

  SessionTrace(String sessionId, Redaction redaction) {
    this.sessionId = sessionId;
    this.redaction = redaction;
  }

  boolean isOn() {
    return !followers.isEmpty();
  }

  void followers(List<Traces.Following> now) {
    followers = now;
  }

  /** A new command begins: what the last one hid no longer counts. */
  void betweenCommands() {
    endOutput();
    inputHidden = false;
  }

  void hideInput() {
    inputHidden = true;
  }

  @Override
  public void line(byte[] line) {
    if (inputHidden) {
      octets(line.length);
      return;
    }
    Redaction.Shown shown = redaction.show(line);
    inputHidden = shown.secret();
    if (isOn()) {
      endOutput();
      tell(TraceSink.Direction.CLIENT, shown.text());
    }
  }

  @Override
  public void octets(long count) {
    if (isOn()) {
      endOutput();
      tell(TraceSink.Direction.CLIENT, "<" + count + " octets>");
    }
  }

  /** Output that may be shown. */
  void output(String text) {
    if (!isOn()) {
      return;
    }
    closeHidden();
    int from = 0;
    int lineFeed;
    while ((lineFeed = text.indexOf('\n', from)) >= 0) {
      append(text.substring(from, lineFeed));
      endOutput();
      from = lineFeed + 1;
    }
    append(text.substring(from));
  }

  /** The same text as octets. */
  void output(byte[] octets, int offset, int length) {
    if (isOn()) {
      output(new String(octets, offset, length, StandardCharsets.ISO_8859_1));
    }
  }

  private StringBuilder line() {
    StringBuilder line = outputLine;
    if (line == null) {
      line = new StringBuilder();
      outputLine = line;
    }
    return line;
  }

  private void append(String text) {
    StringBuilder line = line();
    line.append(text, 0, Math.clamp(SHOWN - line.length(), 0, text.length()));
  }

  /** Output of which only the length may be shown. */
  void outputHidden(long octets) {
    if (isOn()) {
      outputHidden += octets;
    }
  }

  void event(String text) {
    if (isOn()) {
      endOutput();
      tell(TraceSink.Direction.EVENT, text);
    }
  }

  private void closeHidden() {
    if (outputHidden > 0) {
      line().append('<').append(outputHidden).append(" octets>");
      outputHidden = 0;
    }
  }

  private void endOutput() {
    closeHidden();
    StringBuilder line = outputLine;
    outputLine = null;
    if (line != null && !line.isEmpty()) {
      tell(TraceSink.Direction.SERVER, line.toString().stripTrailing());
    }
  }

  private void tell(TraceSink.Direction direction, String text) {
    String shown = printable(text);
    // By address and by account a session may be followed to one place.
    List<TraceSink> told = new ArrayList<>();
    for (Traces.Following following : followers) {
      try {
        following.line(sessionId, direction, shown, told);
      } catch (RuntimeException e) {
        // A trace must never cost the session that it looks at.
        LOG.atWarn().addKeyValue("session", sessionId).setCause(e).log("trace switched off");
        followers = followers.stream().filter(other -> other != following).toList();
      }
    }
  }

  /** Cut to length, with every octet that a terminal might obey written as an escape. */
  private static String printable(String text) {
    StringBuilder shown = new StringBuilder(Math.min(text.length(), SHOWN) + 1);
    for (byte octet : text.getBytes(StandardCharsets.ISO_8859_1)) {
      if (shown.length() >= SHOWN) {
        return shown.append('…').toString();
      }
      if (octet >= ' ' && octet < 0x7f) {
        shown.append((char) octet);
      } else {
        shown.append(String.format("\\x%02x", octet & 0xff));
      }
    }
    return shown.toString();
  }
}
