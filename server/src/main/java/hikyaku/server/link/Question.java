package hikyaku.server.link;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What one process asks another.
 *
 * @param method as of HTTP
 * @param path its parts, as they are
 * @param query parameters, as they are
 * @param front the number of a front that is linked to the one asked, and is to be asked in its
 *     place
 */
public record Question(
    String method, List<String> path, Map<String, String> query, OptionalLong front) {
  /** Octets that a question may have: it holds names and numbers. */
  static final int MOST = 64 * 1024;

  public Question {
    path = List.copyOf(path);
    query = Map.copyOf(query);
  }

  public static Question of(String method, List<String> path, Map<String, String> query) {
    return new Question(method, path, query, OptionalLong.empty());
  }

  public static Question get(String... path) {
    return of("GET", List.of(path), Map.of());
  }

  /** The same, for a front that is linked to the one asked. */
  public Question to(long run) {
    return new Question(method, path, query, OptionalLong.of(run));
  }

  /** The same, for the one asked. */
  public Question straight() {
    return of(method, path, query);
  }

  byte[] encode() throws LinkException {
    var question =
        hikyaku.server.link.proto.Question.newBuilder()
            .setMethod(method)
            .addAllPath(path)
            .putAllQuery(query);
    front.ifPresent(question::setFront);
    byte[] octets = question.build().toByteArray();
    if (octets.length > MOST) {
      throw new LinkException("a question of more than " + MOST + " octets");
    }
    return octets;
  }

  static Question decode(byte[] octets) throws LinkException {
    try {
      var question = hikyaku.server.link.proto.Question.parseFrom(octets);
      return new Question(
          question.getMethod(),
          question.getPathList(),
          question.getQueryMap(),
          question.hasFront() ? OptionalLong.of(question.getFront()) : OptionalLong.empty());
    } catch (InvalidProtocolBufferException e) {
      throw new LinkException("a question that cannot be read");
    }
  }
}
