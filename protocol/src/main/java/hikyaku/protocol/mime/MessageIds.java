package hikyaku.protocol.mime;

import java.util.ArrayList;
import java.util.List;

/** Message ids as they stand in References (RFC 5322 §3.6.4), whatever stands between them. */
final class MessageIds {
  private MessageIds() {}

  static List<String> parse(String text, Budget budget) {
    List<String> ids = new ArrayList<>();
    int at = text.indexOf('<');
    while (at >= 0) {
      int end = text.indexOf('>', at);
      if (end < 0) {
        break;
      }
      // An id that was never closed gives way to the next one that opens.
      int start = text.lastIndexOf('<', end);
      String id = text.substring(start, end + 1);
      if (id.length() > 2) {
        ids.add(id);
      }
      at = text.indexOf('<', end);
    }
    int limit = budget.limits().references();
    if (ids.size() > limit) {
      budget.reachLimit();
      List<String> kept = new ArrayList<>(limit);
      kept.add(ids.getFirst());
      kept.addAll(ids.subList(ids.size() - limit + 1, ids.size()));
      return kept;
    }
    return ids;
  }
}
