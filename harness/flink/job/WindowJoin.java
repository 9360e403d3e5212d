package statebench;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * Every pair of a left and a right event of a key and window. As in Flink's own join of windows both sides lie in one list of the
 * window, each element with its side, and are told apart when it fires.
 */
final class WindowJoin extends ProcessWindowFunction<Tuple2<String, double[]>, Tuple4<String, Long, Long, double[]>, String, TimeWindow> {
  private static final long serialVersionUID = 1;

  @Override
  public void process(
      String key, Context context, Iterable<Tuple2<String, double[]>> events, Collector<Tuple4<String, Long, Long, double[]>> out) {
    List<double[]> left = new ArrayList<>();
    List<double[]> right = new ArrayList<>();
    for (Tuple2<String, double[]> event : events) (JoinSide.isRight(event.f1) ? right : left).add(event.f1);
    TimeWindow window = context.window();
    for (double[] one : left) {
      for (double[] other : right) out.collect(Tuple4.of(key, window.getStart(), window.getEnd(), JoinSide.pair(one, other)));
    }
  }
}
