package hikyaku.server.dmarc;

import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;
import hikyaku.server.origin.Organizations;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Who gets the reports of a domain: whom it names, if they want them (RFC 7489 §7.1). */
final class Destinations {
  private static final Pattern AGREED = Pattern.compile("v[ \\t]*=[ \\t]*DMARC1[ \\t]*(;.*|)");
  private static final int LONGEST_NAME = 253;

  private final Dns dns;

  Destinations(Dns dns) {
    this.dns = dns;
  }

  /**
   * Those who do, by their addresses.
   *
   * @param domain whose policy it is
   * @param reports places as published
   * @throws DnsException if nobody can say now of one of them
   */
  Map<String, Place> of(String domain, List<String> reports) throws DnsException {
    Map<String, Place> found = new LinkedHashMap<>();
    for (String uri : reports) {
      Optional<Place> place = Place.of(uri);
      if (place.isPresent()) {
        for (Place each : agreed(domain, place.get())) {
          found.putIfAbsent(each.to().toString(), each);
        }
      }
    }
    return found;
  }

  private List<Place> agreed(String domain, Place place) throws DnsException {
    String host = place.to().domain().toLowerCase(Locale.ROOT);
    if (host.equals(domain) || Organizations.of(host, dns).equals(Organizations.of(domain, dns))) {
      return List.of(place);
    }
    String name = domain + "._report._dmarc." + host;
    List<String> records =
        name.length() > LONGEST_NAME
            ? List.of()
            : dns.txt(name).orElse(List.of()).stream()
                .filter(text -> AGREED.matcher(text).matches())
                .toList();
    if (records.isEmpty()) {
      return List.of();
    }
    List<String> instead = records.stream().flatMap(text -> reports(text).stream()).toList();
    if (instead.isEmpty()) {
      return List.of(place);
    }
    // It may name another address of its own; one elsewhere would have to agree in turn.
    List<Place> own = new ArrayList<>();
    for (String uri : instead.subList(0, Math.min(DmarcResults.MOST_PLACES, instead.size()))) {
      Place.of(uri).filter(each -> each.to().domain().equalsIgnoreCase(host)).ifPresent(own::add);
    }
    return own;
  }

  private static List<String> reports(String record) {
    for (String tag : record.split(";")) {
      int equals = tag.indexOf('=');
      if (equals > 0 && tag.substring(0, equals).strip().equals("rua")) {
        return List.of(tag.substring(equals + 1).split(",")).stream()
            .map(String::strip)
            .filter(uri -> !uri.isEmpty())
            .toList();
      }
    }
    return List.of();
  }
}
