package hikyaku.server.dmarc;

import hikyaku.server.dmarc.proto.ReceivedReport;
import hikyaku.server.dmarc.proto.ReceivedRow;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;

/**
 * Reads aggregate reports that others have written, of RFC 7489 and of RFC 9990, in whatever
 * namespace, plain, by GZIP or in a ZIP archive. Anybody may have written anything: nothing is
 * fetched, no entity is replaced, and what is read, unpacked or kept has an end.
 */
final class ForeignReport {
  /** Octets of XML that are unpacked. */
  static final int MOST_OCTETS = 20 << 20;

  /** Rows that are kept; messages of more are only counted. */
  static final int MOST_ROWS = 1_000;

  /** Elements within elements. */
  private static final int DEEPEST = 30;

  /** Characters of the names of elements within each other; those of a report have far fewer. */
  private static final int LONGEST_PATH = 500;

  /** Characters of a value. */
  private static final int LONGEST = 253;

  private static final Pattern UNSEEN =
      Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Cs}\\x{2028}\\x{2029}]");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,15}");

  private static final int MOST_ENTRIES = 10;

  private final ReceivedReport.Builder report = ReceivedReport.newBuilder();
  private final Map<ReceivedRow, Long> rows = new LinkedHashMap<>();
  private long missing;
  private ReceivedRow.Builder row = ReceivedRow.newBuilder();
  private long messages;

  private ForeignReport() {}

  /**
   * The report in some octets.
   *
   * @return nothing if they are none
   */
  static Optional<ReceivedReport> read(byte[] octets) {
    try {
      return Optional.of(new ForeignReport().parse(octets)).filter(ForeignReport::isWhole);
    } catch (IOException | XMLStreamException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static boolean isWhole(ReceivedReport report) {
    return !report.getDomain().isEmpty()
        && !report.getId().isEmpty()
        && !report.getOrganization().isEmpty()
        && report.getBegin() > 0
        && report.getEnd() >= report.getBegin();
  }

  private ReceivedReport parse(byte[] octets) throws IOException, XMLStreamException {
    InputStream plain = unpacked(octets);
    if (plain == null) {
      throw new IOException("no report in it");
    }
    try (InputStream in = new Bounded(plain)) {
      XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
      factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
      factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
      factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
      factory.setXMLResolver((_, _, _, _) -> {
        throw new XMLStreamException("nothing is fetched");
      });
      read(factory.createXMLStreamReader(in));
    }
    rows.forEach((each, count) -> report.addRows(each.toBuilder().setMessages(count)));
    return report.setMissing(missing).build();
  }

  private static @Nullable InputStream unpacked(byte[] octets) throws IOException {
    InputStream in = new ByteArrayInputStream(octets);
    if (octets.length > 2 && octets[0] == 0x1f && octets[1] == (byte) 0x8b) {
      return new GZIPInputStream(in);
    }
    if (octets.length > 2 && octets[0] == 'P' && octets[1] == 'K') {
      ZipInputStream zip = new ZipInputStream(new Bounded(in));
      for (int i = 0; i < MOST_ENTRIES; i++) {
        ZipEntry entry = zip.getNextEntry();
        if (entry == null || entry.getName().toLowerCase(Locale.ROOT).endsWith(".xml")) {
          return entry == null ? null : zip;
        }
        // What is passed over is unpacked as well.
        var unused = new Bounded(zip).transferTo(OutputStream.nullOutputStream());
      }
      return null;
    }
    return in;
  }

  private void read(XMLStreamReader xml) throws XMLStreamException {
    // Of each element that is open, the names from the root on.
    Deque<String> paths = new ArrayDeque<>();
    StringBuilder text = new StringBuilder();
    while (xml.hasNext()) {
      switch (xml.next()) {
        case XMLStreamConstants.DTD, XMLStreamConstants.ENTITY_REFERENCE ->
            throw new XMLStreamException("a report has no document type");
        case XMLStreamConstants.START_ELEMENT -> {
          String name = xml.getLocalName();
          String path = paths.isEmpty() ? name : paths.getLast() + "/" + name;
          paths.addLast(path);
          text.setLength(0);
          if (paths.size() > DEEPEST
              || path.length() > LONGEST_PATH
              || !paths.getFirst().equals("feedback")) {
            throw new XMLStreamException("this is no report");
          }
          if (path.equals("feedback/record")) {
            row = ReceivedRow.newBuilder();
            messages = 0;
          }
        }
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> {
          if (text.length() < LONGEST) {
            String more = xml.getText();
            text.append(more, 0, Math.min(more.length(), LONGEST));
          }
        }
        case XMLStreamConstants.END_ELEMENT -> {
          value(paths.removeLast(), text);
          text.setLength(0);
        }
        default -> {}
      }
    }
  }

  /** What may be told to people. */
  private static String said(StringBuilder text) {
    String value = text.toString().strip();
    String shorter = value.length() > LONGEST ? value.substring(0, LONGEST) : value;
    return UNSEEN.matcher(shorter).replaceAll("?");
  }

  private static String lower(StringBuilder text) {
    return said(text).toLowerCase(Locale.ROOT);
  }

  private static long number(StringBuilder text) {
    String value = said(text);
    return NUMBER.matcher(value).matches() ? Long.parseLong(value) : 0;
  }

  private void value(String path, StringBuilder value) {
    switch (path) {
      case "feedback/report_metadata/org_name" -> report.setOrganization(said(value));
      case "feedback/report_metadata/report_id" -> report.setId(said(value));
      case "feedback/report_metadata/date_range/begin" -> report.setBegin(number(value));
      case "feedback/report_metadata/date_range/end" -> report.setEnd(number(value));
      case "feedback/policy_published/domain" -> report.setDomain(lower(value));
      case "feedback/policy_published/p" -> report.setPolicy(lower(value));
      case "feedback/record/row/source_ip" -> row.setSource(lower(value));
      case "feedback/record/row/count" -> messages = number(value);
      case "feedback/record/row/policy_evaluated/disposition" -> row.setDisposition(lower(value));
      case "feedback/record/row/policy_evaluated/dkim" -> row.setDkim(lower(value).equals("pass"));
      case "feedback/record/row/policy_evaluated/spf" -> row.setSpf(lower(value).equals("pass"));
      case "feedback/record/identifiers/header_from" -> row.setHeaderFrom(lower(value));
      case "feedback/record" -> record();
      default -> {}
    }
  }

  private void record() {
    ReceivedRow key = row.build();
    if (rows.containsKey(key) || rows.size() < MOST_ROWS) {
      rows.merge(key, messages, ForeignReport::sum);
    } else {
      missing = sum(missing, messages);
    }
  }

  private static long sum(long some, long more) {
    return Math.min(some + more, 1_000_000_000_000_000L);
  }

  /** A stream that fails where it is too long. */
  private static final class Bounded extends InputStream {
    private final InputStream in;
    private long left = MOST_OCTETS;

    Bounded(InputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int count = in.read(buffer, offset, length);
      left -= Math.max(0, count);
      if (left < 0) {
        throw new IOException("a report of more than " + MOST_OCTETS + " octets");
      }
      return count;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
