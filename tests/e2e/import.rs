//! A small file in the form of the Online Retail data set: every line and every penny is accounted for, twice.

use crate::support::{
    QUIET,
    process::{Up, agora},
};

const FILE: &str = "\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
536370,22728,ALARM CLOCK BAKELIKE PINK,24,2010-12-01 08:45:00,3.75,12583,France
536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.0,12583,France
536371,22086,PAPER CHAIN KIT 50'S CHRISTMAS ,80,2010-12-01 09:00:00,2.55,,EIRE
536371,22086,PAPER CHAIN KIT 50'S CHRISTMAS ,eighty,2010-12-01 09:00:00,2.55,,EIRE
C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527,United Kingdom
C536383,85123a,WHITE HANGING HEART T-LIGHT HOLDER,-2,2010-12-02 09:49:00,2.55,17850,United Kingdom
C536384,22728,ALARM CLOCK BAKELIKE PINK,-30,2010-12-03 10:00:00,3.75,12583,France
536545,21134,,1,2010-12-01 14:32:00,0.0,,United Kingdom
550193,PADS,PADS TO MATCH ALL CUSHIONS,1,2011-04-15 09:27:00,0.001,13952,United Kingdom
A563185,B,Adjust bad debt,1,2011-08-12 14:50:00,11062.06,,United Kingdom
";

#[tokio::test(flavor = "multi_thread")]
async fn every_line_and_every_penny_is_accounted_for_and_twice_is_once() {
    let _quiet = QUIET.read().await;
    let up = Up::start("import", &[]).unwrap();
    let shop = up.shop();
    let file = shop.data.join("retail.csv");
    std::fs::write(&file, FILE).unwrap();
    let (port, data) = (shop.port.to_string(), shop.data.to_str().unwrap().to_owned());
    let import = |extra: &[&str]| {
        let args = [
            "import",
            "online-retail",
            file.to_str().unwrap(),
            "--port",
            &port,
            "--data",
            &data,
        ];
        agora(&[&args, extra].concat())
    };
    for extra in [&["--invoices", "2"][..], &[], &[]] {
        let (ok, report) = import(extra);
        assert!(ok, "{report}");
        let line = |name: &str| {
            report
                .lines()
                .find(|line| line.trim_start().starts_with(name))
                .map(str::to_owned)
        };
        assert!(
            line("unexplained difference").unwrap().ends_with(" 0.000"),
            "{report}"
        );
        assert!(
            line("difference from the orders").unwrap().ends_with(" 0.000"),
            "{report}"
        );
        if extra.is_empty() {
            assert!(report.contains("malformed line 7"), "{report}");
            assert!(line("refunds").unwrap().ends_with(" -95.100"), "{report}");
            assert!(line("adjustments, unmatched cancellation").is_some(), "{report}");
        }
    }
    let (ok, report) = agora(&["doctor", "--data", &data]);
    assert!(ok, "{report}");
    up.stop();
}
