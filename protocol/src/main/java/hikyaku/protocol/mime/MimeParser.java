package hikyaku.protocol.mime;

import hikyaku.protocol.mime.HeaderCollector.Field;
import hikyaku.protocol.mime.HeaderCollector.Owner;
import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Describes a message while its octets pass by. They may come in any pieces; the answer is the
 * same. No octets make it fail, and what it holds is bounded by {@link MimeLimits}. Not
 * thread-safe.
 *
 * <p>How broken mail is read:
 *
 * <ul>
 *   <li>A header ends at an empty line, at the boundary of an open multipart, or at the end. A line
 *       in it that is no field is passed over. But if its very first line is no field, there is no
 *       header and the line belongs to the body.
 *   <li>A line is a delimiter if after two hyphens and the boundary nothing stands, or white space,
 *       or two more hyphens and then one of these. Of several open multiparts the innermost is
 *       asked first; an exact match goes before one with text after the white space, and among
 *       these the longest boundary wins.
 *   <li>A delimiter of an outer multipart ends all inner ones; so does the end of the message.
 *   <li>After its closing delimiter a multipart has no further parts.
 *   <li>Bodies with a transfer encoding are not looked into, though RFC 2046 §5.2.1 forbids to
 *       encode composite types and senders do it nevertheless.
 * </ul>
 */
public final class MimeParser implements OctetSink {
  private final MimeLimits limits;
  private final Budget budget;
  private final LineSplitter splitter = new LineSplitter(new Lines());
  private final OctetBuffer line;
  private final PreviewCapture capture;

  /** The parts that are open, the whole message first. */
  private final List<PartBuilder> open = new ArrayList<>();

  private PartBuilder top;
  private boolean inHeader = true;
  private int boundaries; // open multiparts in which parts are still looked for
  private int parts = 1;
  private boolean attachments;
  private @Nullable MimePart root;

  private long position;
  private long lineStart;
  private long previousEnd; // where the content of the line before ended
  private long endings;
  private long longestLine;
  private boolean gathering = true; // the line's content goes to the line buffer

  public MimeParser() {
    this(MimeLimits.DEFAULT);
  }

  public MimeParser(MimeLimits limits) {
    this.limits = limits;
    budget = new Budget(limits);
    line = new OctetBuffer(Math.max(limits.fieldOctets(), 2 * limits.boundaryOctets()));
    capture = new PreviewCapture(limits);
    top = new PartBuilder(Owner.ROOT, 0, budget);
    open.add(top);
  }

  @Override
  public void write(byte[] octets, int offset, int length) {
    try {
      splitter.write(octets, offset, length);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  @Override
  public void write(byte[] octets) {
    write(octets, 0, octets.length);
  }

  /** Ends the message. To be called once, after the last octet. */
  public MessageStructure finish() {
    try {
      splitter.finish();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    while (inHeader) {
      endHeader(position, endings);
    }
    while (root == null) {
      close(position, endings);
    }
    HeaderCollector header = top.header;
    return new MessageStructure(
        position,
        root,
        header.envelope(),
        SentDateParser.parse(header.get(Field.DATE)),
        header.references(),
        header.received(),
        header.deliveredTo(),
        capture.text(),
        splitter.has8bit(),
        splitter.hasNul(),
        splitter.hasBareLineEnding(),
        longestLine,
        attachments,
        budget.limitReached());
  }

  private final class Lines implements LineSplitter.Lines {
    @Override
    public void content(byte[] octets, int from, int to) {
      position += to - from;
      if (inHeader) {
        line.append(octets, from, to);
        return;
      }
      capture.append(octets, from, to);
      if (gathering) {
        gathering = line.size() > 0 || octets[from] == '-';
      }
      if (gathering) {
        line.append(octets, from, to);
        gathering = mayBeDelimiter();
      }
    }

    @Override
    public void end(byte[] ending) {
      long contentEnd = position;
      long endingsBefore = endings;
      longestLine = Math.max(longestLine, contentEnd - lineStart);
      position += ending.length;
      endings += ending.length > 0 ? 1 : 0;
      if (!isDelimiter(endingsBefore)) {
        if (inHeader) {
          headerLine(endingsBefore, ending);
        } else {
          capture.append(ending, 0, ending.length);
        }
      }
      previousEnd = contentEnd;
      lineStart = position;
      line.clear();
      gathering = inHeader || boundaries > 0;
    }
  }

  private boolean mayBeDelimiter() {
    return line.at(0) == '-' && (line.size() == 1 || line.at(1) == '-');
  }

  private void headerLine(long endingsBefore, byte[] ending) {
    if (position - ending.length == lineStart) {
      endHeader(position, endings);
      return;
    }
    boolean first = lineStart == top.headerStart;
    if (first
        && HeaderLine.nameLength(line.array(), line.size()) < 0
        && !HeaderLine.isMboxSeparator(line.array(), line.size())) {
      noHeader(endingsBefore);
      capture.append(line.array(), 0, line.size());
      capture.append(ending, 0, ending.length);
      return;
    }
    if (position - ending.length - lineStart > line.size()) {
      budget.reachLimit();
    }
    top.header.line(line.array(), line.size());
  }

  /** The part is its body alone, and text. */
  private void noHeader(long endingsBefore) {
    if (top.isMessageRoot() && open.size() > 1) {
      // Most likely the message is encoded, which shows where it is declared.
      top.encoding = parent().encoding;
    }
    inHeader = false;
    top.bodyStart = lineStart;
    top.endingsBefore = endingsBefore;
    startCapture();
  }

  private PartBuilder parent() {
    return open.get(open.size() - 2);
  }

  private void endHeader(long bodyStart, long endingsSoFar) {
    inHeader = false;
    top.bodyStart = bodyStart;
    top.endingsBefore = endingsSoFar;
    top.describe(open.size() > 1 && !top.isMessageRoot() && parent().isDigest());
    if (top.isMessage() && mayOpen()) {
      push(Owner.NESTED, bodyStart);
    } else if (top.isMultipart() && mayDeepen()) {
      top.boundary = top.declaredBoundary();
      if (top.boundary != null) {
        boundaries++;
      }
    }
    if (!inHeader) {
      startCapture();
    }
  }

  private void startCapture() {
    boolean nested = open.stream().skip(1).anyMatch(PartBuilder::isMessageRoot);
    boolean alternative = open.size() > 1 && parent().subtype.equals("alternative");
    if (top.boundary == null) {
      capture.start(top, nested, alternative);
    }
  }

  private boolean mayDeepen() {
    if (open.size() >= limits.depth()) {
      budget.reachLimit();
      return false;
    }
    return true;
  }

  private boolean mayOpen() {
    if (parts >= limits.parts()) {
      budget.reachLimit();
      return false;
    }
    return mayDeepen();
  }

  private void push(Owner owner, long start) {
    top = new PartBuilder(owner, start, budget);
    open.add(top);
    parts++;
    inHeader = true;
  }

  /** Handles the line if it is a delimiter. */
  private boolean isDelimiter(long endingsBefore) {
    if (boundaries == 0 || !gathering || line.size() < 3 || !mayBeDelimiter()) {
      return false;
    }
    Delimiter delimiter = findDelimiter();
    if (delimiter == null) {
      return false;
    }
    if (!delimiter.closes() && parts >= limits.parts()) {
      budget.reachLimit();
      return false;
    }
    while (inHeader) {
      endHeader(lineStart, endingsBefore);
    }
    // The line ending before the delimiter belongs to it, unless it already ended the header.
    boolean endingIsDelimiters = previousEnd >= top.bodyStart;
    long end = endingIsDelimiters ? previousEnd : top.bodyStart;
    long endingsInside = endingIsDelimiters ? endingsBefore - 1 : endingsBefore;
    while (top != delimiter.of()) {
      close(end, endingsInside);
    }
    if (delimiter.closes()) {
      top.boundary = null;
      boundaries--;
    } else {
      push(Owner.PART, position);
    }
    return true;
  }

  private record Delimiter(PartBuilder of, boolean closes) {}

  private @Nullable Delimiter findDelimiter() {
    Delimiter best = null;
    int longest = 0;
    for (int index = open.size() - 1; index >= 0; index--) {
      PartBuilder part = open.get(index);
      if (part.boundary == null) {
        continue;
      }
      DelimiterMatch match = DelimiterMatch.of(line.array(), line.size(), part.boundary);
      if (match.exact()) {
        return new Delimiter(part, match.closes());
      }
      if (match.matches() && part.boundary.length > longest) {
        longest = part.boundary.length;
        best = new Delimiter(part, match.closes());
      }
    }
    return best;
  }

  /** Closes the innermost open part; the last is the whole message. */
  private void close(long end, long endingsInside) {
    PartBuilder closed = top;
    if (closed.boundary != null) {
      boundaries--;
    }
    capture.finish(closed, end - closed.bodyStart);
    MimePart part = closed.build(end, endingsInside - closed.endingsBefore);
    attachments |= closed.isAttachment(open.size() > 1 && parent().subtype.equals("report"));
    open.removeLast();
    if (open.isEmpty()) {
      root = part;
      return;
    }
    top = open.getLast();
    top.children.add(part);
    if (top.isMessage()) {
      top.nestedEnvelope = closed.header.envelope();
    }
  }
}
