package hikyaku.server.tlsrpt;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.mime.MailDate;
import hikyaku.server.tlsrpt.proto.CountedResult;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a domain is told of a day (RFC 8460 §4, §5).
 *
 * @param host who tells
 * @param contact whom to ask
 * @param results of this domain, each with its sessions
 */
record DayReport(
    String host, String contact, String domain, LocalDate day, Map<CountedResult, Long> results) {
  String id() {
    return day + "." + domain + "@" + host;
  }

  private Instant start() {
    return day.atStartOfDay().toInstant(ZoneOffset.UTC);
  }

  private Instant end() {
    return day.plusDays(1).atStartOfDay().toInstant(ZoneOffset.UTC).minusSeconds(1);
  }

  /** RFC 8460 §4. */
  String json() {
    Map<CountedResult, List<CountedResult>> byPolicy = new LinkedHashMap<>();
    results
        .keySet()
        .forEach(each -> byPolicy.computeIfAbsent(policy(each), _ -> new ArrayList<>()).add(each));
    List<Map<String, Object>> policies = new ArrayList<>();
    byPolicy.forEach((policy, each) -> policies.add(policy(policy, each)));
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("organization-name", host);
    report.put(
        "date-range",
        ordered("start-datetime", start().toString(), "end-datetime", end().toString()));
    report.put("contact-info", contact);
    report.put("report-id", id());
    report.put("policies", policies);
    return JsonMapper.shared().writeValueAsString(report);
  }

  private static CountedResult policy(CountedResult of) {
    return of.toBuilder()
        .clearFault()
        .clearReason()
        .clearServer()
        .clearReceivingIp()
        .clearSendingIp()
        .build();
  }

  private Map<String, Object> policy(CountedResult policy, List<CountedResult> of) {
    long good = 0;
    long bad = 0;
    List<Map<String, Object>> details = new ArrayList<>();
    for (CountedResult each : of) {
      long sessions = results.getOrDefault(each, 0L);
      if (each.getFault().isEmpty()) {
        good += sessions;
        continue;
      }
      bad += sessions;
      Map<String, Object> detail = new LinkedHashMap<>();
      detail.put("result-type", each.getFault());
      put(detail, "sending-mta-ip", each.getSendingIp());
      put(detail, "receiving-mx-hostname", each.getServer());
      put(detail, "receiving-ip", each.getReceivingIp());
      detail.put("failed-session-count", sessions);
      put(detail, "failure-reason-code", each.getReason());
      details.add(detail);
    }
    Map<String, Object> about =
        ordered("policy-type", policy.getPolicyType(), "policy-domain", policy.getPolicyDomain());
    if (policy.getPolicyLinesCount() > 0) {
      about.put("policy-string", List.copyOf(policy.getPolicyLinesList()));
    }
    if (policy.getPolicyServersCount() > 0) {
      about.put("mx-host", List.copyOf(policy.getPolicyServersList()));
    }
    Map<String, Object> all =
        ordered(
            "policy",
            about,
            "summary",
            ordered("total-successful-session-count", good, "total-failure-session-count", bad));
    if (!details.isEmpty()) {
      all.put("failure-details", details);
    }
    return all;
  }

  private static void put(Map<String, Object> into, String name, String value) {
    if (!value.isEmpty()) {
      into.put(name, value);
    }
  }

  private static Map<String, Object> ordered(String first, Object one, String second, Object two) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(first, one);
    map.put(second, two);
    return map;
  }

  byte[] compressed() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(json().getBytes(UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // it goes to memory
    }
    return out.toByteArray();
  }

  /** RFC 8460 §5.3. */
  String message(String to, Instant now) {
    String boundary = "=_tlsrpt." + day;
    String name =
        "%s!%s!%d!%d.json.gz"
            .formatted(host, domain, start().getEpochSecond(), end().getEpochSecond());
    return """
    From: <%1$s>
    To: <%2$s>
    Date: %3$s
    Message-ID: <tlsrpt.%4$s.%5$s@%6$s>
    Subject: Report Domain: %5$s Submitter: %6$s
     Report-ID: <%7$s>
    TLS-Report-Domain: %5$s
    TLS-Report-Submitter: %6$s
    TLS-Required: No
    Auto-Submitted: auto-generated
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type="tlsrpt";
     boundary="%8$s"

    --%8$s
    Content-Type: text/plain; charset=us-ascii

    How TLS with the mail servers of %5$s went on %4$s (UTC),
    as seen by %6$s.

    --%8$s
    Content-Type: application/tlsrpt+gzip
    Content-Transfer-Encoding: base64
    Content-Disposition: attachment;
     filename="%9$s"

    %10$s
    --%8$s--
    """
        .formatted(
            contact,
            to,
            MailDate.of(now),
            day,
            domain,
            host,
            id(),
            boundary,
            name,
            new String(
                Base64.getMimeEncoder(76, "\n".getBytes(US_ASCII)).encode(compressed()), US_ASCII))
        .replace("\n", "\r\n");
  }
}
