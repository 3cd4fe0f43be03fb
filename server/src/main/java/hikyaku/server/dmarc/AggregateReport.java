package hikyaku.server.dmarc;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.server.dmarc.proto.PublishedPolicy;
import hikyaku.server.dmarc.proto.ResultRow;
import hikyaku.server.dmarc.proto.RowSignature;
import hikyaku.server.reports.ReportLetter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Map;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/**
 * What a domain is told of a day (RFC 7489 §7.2 and Appendix C, in the form of RFC 9990).
 *
 * @param host who tells
 * @param contact whom to ask
 */
record AggregateReport(String host, String contact, LocalDate day, DomainTally tally) {
  static final String NAMESPACE = "urn:ietf:params:xml:ns:dmarc-2.0";

  String domain() {
    return tally.policy().getDomain();
  }

  /** The same whenever it is made, so that who gets it twice can tell. */
  String id() {
    return day + "." + domain() + "@" + host;
  }

  private Instant start() {
    return day.atStartOfDay().toInstant(ZoneOffset.UTC);
  }

  private Instant end() {
    return day.plusDays(1).atStartOfDay().toInstant(ZoneOffset.UTC).minusSeconds(1);
  }

  String xml() {
    StringWriter out = new StringWriter();
    try {
      XMLStreamWriter xml = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(out);
      xml.writeStartDocument("UTF-8", "1.0");
      xml.writeStartElement("feedback");
      xml.writeDefaultNamespace(NAMESPACE);
      text(xml, "version", "1.0");
      metadata(xml);
      policy(xml, tally.policy());
      for (Map.Entry<ResultRow, Long> row : tally.rows().entrySet()) {
        record(xml, row.getKey(), row.getValue());
      }
      xml.writeEndElement();
      xml.writeEndDocument();
      xml.close();
    } catch (XMLStreamException e) {
      throw new IllegalStateException(e); // it goes to memory, and is nested as it should
    }
    return out.toString();
  }

  private void metadata(XMLStreamWriter xml) throws XMLStreamException {
    xml.writeStartElement("report_metadata");
    text(xml, "org_name", host);
    text(xml, "email", contact);
    text(xml, "report_id", id());
    xml.writeStartElement("date_range");
    text(xml, "begin", String.valueOf(start().getEpochSecond()));
    text(xml, "end", String.valueOf(end().getEpochSecond()));
    xml.writeEndElement();
    if (tally.missing() > 0) {
      text(
          xml,
          "error",
          "%d more messages are in no record: there were too many kinds of results"
              .formatted(tally.missing()));
    }
    text(xml, "generator", "Hikyaku");
    xml.writeEndElement();
  }

  private static void policy(XMLStreamWriter xml, PublishedPolicy policy)
      throws XMLStreamException {
    xml.writeStartElement("policy_published");
    text(xml, "domain", policy.getDomain());
    text(xml, "discovery_method", "treewalk");
    text(xml, "p", policy.getPolicy());
    text(xml, "sp", policy.getBelow());
    text(xml, "np", policy.getAbsent());
    text(xml, "adkim", policy.getStrictDkim() ? "s" : "r");
    text(xml, "aspf", policy.getStrictSpf() ? "s" : "r");
    text(xml, "testing", policy.getTesting() ? "y" : "n");
    xml.writeEndElement();
  }

  private static void record(XMLStreamWriter xml, ResultRow row, long messages)
      throws XMLStreamException {
    xml.writeStartElement("record");
    xml.writeStartElement("row");
    text(xml, "source_ip", address(row));
    text(xml, "count", String.valueOf(messages));
    xml.writeStartElement("policy_evaluated");
    text(xml, "disposition", row.getDisposition());
    text(xml, "dkim", row.getDkimAligned() ? "pass" : "fail");
    text(xml, "spf", row.getSpfAligned() ? "pass" : "fail");
    if (!row.getOverride().isEmpty()) {
      xml.writeStartElement("reason");
      text(xml, "type", row.getOverride());
      if (!row.getOverrideComment().isEmpty()) {
        text(xml, "comment", row.getOverrideComment());
      }
      xml.writeEndElement();
    }
    xml.writeEndElement();
    xml.writeEndElement();
    xml.writeStartElement("identifiers");
    text(xml, "header_from", row.getHeaderFrom());
    text(xml, "envelope_from", row.getEnvelopeFrom());
    xml.writeEndElement();
    xml.writeStartElement("auth_results");
    for (RowSignature signature : row.getSignaturesList()) {
      xml.writeStartElement("dkim");
      text(xml, "domain", signature.getDomain());
      text(xml, "selector", signature.getSelector());
      text(xml, "result", signature.getResult());
      xml.writeEndElement();
    }
    xml.writeStartElement("spf");
    text(xml, "domain", row.getSpfDomain());
    text(xml, "scope", "mfrom");
    text(xml, "result", row.getSpfResult());
    xml.writeEndElement();
    xml.writeEndElement();
    xml.writeEndElement();
  }

  private static String address(ResultRow row) {
    try {
      return InetAddress.getByAddress(row.getSource().toByteArray()).getHostAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of " + row.getSource().size() + " octets", e);
    }
  }

  private static void text(XMLStreamWriter xml, String name, String text)
      throws XMLStreamException {
    xml.writeStartElement(name);
    xml.writeCharacters(text);
    xml.writeEndElement();
  }

  /** RFC 7489 §7.2.1.1. */
  ReportLetter letter() {
    return new ReportLetter(
        "dmarc." + day + "." + domain(),
        domain(),
        host,
        id(),
        "",
        "multipart/mixed",
        "What became on %s (UTC) of mail from %s\nthat came to %s: an aggregate report of DMARC."
            .formatted(day, domain(), host),
        "application/gzip",
        "%s!%s!%d!%d.xml.gz"
            .formatted(host, domain(), start().getEpochSecond(), end().getEpochSecond()),
        ReportLetter.compressed(xml().getBytes(UTF_8)));
  }
}
