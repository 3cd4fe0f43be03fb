package hikyaku.server.managesieve;

import hikyaku.protocol.managesieve.Reply;
import hikyaku.server.filter.ScriptException;

/** What a client is told of what scripts refuse (RFC 5804 §1.3). */
final class Refused {
  private Refused() {}

  static Reply reply(ScriptException why) {
    String code =
        switch (why) {
          case ScriptException.Nonexistent _ -> "NONEXISTENT";
          case ScriptException.AlreadyExists _ -> "ALREADYEXISTS";
          case ScriptException.Active _ -> "ACTIVE";
          case ScriptException.TooMany _ -> "QUOTA/MAXSCRIPTS";
          case ScriptException.TooLarge _ -> "QUOTA/MAXSIZE";
          case ScriptException.InvalidName _, ScriptException.Invalid _ -> null;
        };
    return Reply.no(code, String.valueOf(why.getMessage()));
  }
}
